/** Files, or text between two markers of one, that are derived from the code: written, or with --check only compared. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * @param name of the block, as in `<!-- name: begin -->`.
 * @throws Error when the document has no such markers.
 */
export function updateBlock(file: string, name: string, content: string): void {
  const before = readFileSync(file, 'utf8');
  const block = new RegExp(`(<!-- ${name}: begin -->\n)[\\s\\S]*?(<!-- ${name}: end -->)`);
  if (!block.test(before)) throw new Error(`${file} has no markers of ${name}`);
  const after = before.replace(block, (_, begin: string, end: string) => `${begin}${content}${end}`);
  update(file, before, after, `the block ${name}`);
}

/** A file that is derived whole. */
export const updateFile = (file: string, content: string): void =>
  update(file, existsSync(file) ? readFileSync(file, 'utf8') : '', content, 'the file');

function update(file: string, before: string, after: string, what: string): void {
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (after !== before) {
    console.error(`${file}: ${what} is stale, run: npm run docs`);
    process.exitCode = 1;
  }
}
