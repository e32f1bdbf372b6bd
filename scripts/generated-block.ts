/** Text between two markers of a document that is derived from the code: written, or with --check only compared. */
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * @param name of the block, as in `<!-- name: begin -->`.
 * @throws Error when the document has no such markers.
 */
export function updateBlock(file: string, name: string, content: string): void {
  const before = readFileSync(file, 'utf8');
  const block = new RegExp(`(<!-- ${name}: begin -->\n)[\\s\\S]*?(<!-- ${name}: end -->)`);
  if (!block.test(before)) throw new Error(`${file} has no markers of ${name}`);
  const after = before.replace(block, (_, begin: string, end: string) => `${begin}${content}${end}`);
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (after !== before) {
    console.error(`${file}: the block ${name} is stale, run: npm run docs`);
    process.exitCode = 1;
  }
}
