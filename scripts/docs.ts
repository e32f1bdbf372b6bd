/** Writes what README and docs/operations.md take from the code; with --check only compares. */
import { topologyOf } from '../charts/app.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { toMermaid } from '../charts/graph/diagram.ts';
import { oldVerbsTable } from '../ops/core/old-verbs.ts';
import { updateBlock } from './generated-block.ts';

updateBlock('README.md', 'diagram', `\`\`\`mermaid\n${toMermaid(topologyOf(resolveConfig('dev')))}\`\`\`\n`);
updateBlock('docs/operations.md', 'old verbs', oldVerbsTable());
