/** Writes what documents and services/settings.json derive from the code; with --check only compares. */

import { topologyOf } from '../charts/app.ts';
import { connectionsTable } from '../charts/config/connections.ts';
import { ENVIRONMENTS, LOCAL } from '../charts/config/environments.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { toMermaid } from '../charts/graph/diagram.ts';
import { SERVICES } from '../charts/topology.ts';
import { loadVerbs } from '../ops/verbs.ts';
import { editorSchema } from './configuration/editor.ts';
import { configurationPage } from './configuration/page.ts';
import { databaseSqlBlock } from './database-sql.ts';
import { updateBlock, updateFile } from './generated-block.ts';
import { markdownTable } from './markdown.ts';
import { placesTable } from './places-table.ts';
import { skipsTable } from './scanners/skips.ts';
import { serviceSettings } from './settings.ts';
import { verbOptionsTable } from './verb-options.ts';

updateFile('services/settings.json', serviceSettings());
updateFile('docs/configuration.schema.json', editorSchema());
updateFile('docs/configuration.md', configurationPage());
const diagram = `\`\`\`mermaid\n${toMermaid(topologyOf(resolveConfig(LOCAL)))}\`\`\`\n`;
for (const page of ['README.md', 'docs/ru/README.md']) updateBlock(page, 'diagram', diagram);
updateBlock(
  'docs/performance.md',
  'connections',
  markdownTable(
    ['environment', 'service', 'pods', 'of each', 'at rest', 'one more', 'all replaced', '`max_connections`'],
    ENVIRONMENTS.flatMap((environment) =>
      connectionsTable(resolveConfig(environment), SERVICES).map((row) => [environment, ...row]),
    ),
  ),
);
updateBlock('docs/external-stores.md', 'database sql', databaseSqlBlock('docs/external-stores.md'));
updateBlock('docs/operations.md', 'places', placesTable(ENVIRONMENTS.map((name) => resolveConfig(name))));
updateBlock('docs/security.md', 'skipped checks', skipsTable());
updateBlock('docs/operations.md', 'verb options', verbOptionsTable(await loadVerbs()));
