/** Writes files, or text between two markers, that derive from the code; with --check only compares. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * @param name name of the block, as in `<!-- name: begin -->`.
 * @throws Error when the document lacks these markers.
 */
export function updateBlock(file: string, name: string, content: string): void {
  const before = readFileSync(file, 'utf8');
  const block = new RegExp(`(<!-- ${name}: begin -->\n)[\\s\\S]*?(<!-- ${name}: end -->)`);
  if (!block.test(before)) throw new Error(`${file} has no markers of ${name}`);
  const after = before.replace(block, (_, begin: string, end: string) => `${begin}${content}${end}`);
  update(file, before, after, `the block ${name}`);
}

/** Writes or compares a file that is derived as a whole. */
export const updateFile = (file: string, content: string): void =>
  update(file, existsSync(file) ? readFileSync(file, 'utf8') : '', content, 'the file');

function update(file: string, before: string, after: string, what: string): void {
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (after !== before) {
    console.error(`${file}: ${what} is stale, run: npm run docs`);
    process.exitCode = 1;
  }
}
