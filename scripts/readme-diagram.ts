/** Writes the diagram of the topology into README.md between its markers; with --check only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { topologyOf } from '../charts/app.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { toMermaid } from '../charts/graph/diagram.ts';

const FILE = 'README.md';
const BLOCK = /(<!-- diagram: begin -->\n)[\s\S]*?(<!-- diagram: end -->)/;

const before = readFileSync(FILE, 'utf8');
if (!BLOCK.test(before)) throw new Error(`${FILE} has no diagram markers`);
const diagram = `\`\`\`mermaid\n${toMermaid(topologyOf(resolveConfig('dev')))}\`\`\`\n`;
const after = before.replace(BLOCK, `$1${diagram}$2`);
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error(`${FILE}: the diagram is stale, run: npm run docs`);
    process.exitCode = 1;
  }
} else writeFileSync(FILE, after);
