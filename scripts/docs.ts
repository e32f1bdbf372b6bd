/** Writes what documents take from the code between its markers there; with --check only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { topologyOf } from '../charts/app.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { toMermaid } from '../charts/graph/diagram.ts';
import { oldVerbsTable } from '../ops/core/old-verbs.ts';

interface Block {
  readonly file: string;
  /** Of its markers: `<!-- NAME: begin -->` and `<!-- NAME: end -->`. */
  readonly name: string;
  readonly text: () => string;
}

const BLOCKS: readonly Block[] = [
  {
    file: 'README.md',
    name: 'diagram',
    text: () => `\`\`\`mermaid\n${toMermaid(topologyOf(resolveConfig('dev')))}\`\`\`\n`,
  },
  { file: 'docs/operations.md', name: 'old verbs', text: oldVerbsTable },
];

for (const { file, name, text } of BLOCKS) {
  const pattern = new RegExp(`(<!-- ${name}: begin -->\\n)[\\s\\S]*?(<!-- ${name}: end -->)`);
  const before = readFileSync(file, 'utf8');
  if (!pattern.test(before)) throw new Error(`${file} has no markers of ${name}`);
  const after = before.replace(pattern, (_, begin: string, end: string) => `${begin}${text()}${end}`);
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (after !== before) {
    console.error(`${file}: ${name} is stale, run: npm run docs`);
    process.exitCode = 1;
  }
}
