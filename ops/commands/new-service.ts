import { SERVICES } from '../../charts/topology.ts';
import { checkNewService, planNewService, titleOf } from '../core/new-service.ts';
import { ROOT } from '../core/paths.ts';
import { listsOf, sampleFiles, takenIn, writeFiles } from '../steps/new-service.ts';
import { verb } from './options.ts';
import { json, line } from './print.ts';

interface Options {
  readonly port: number;
  readonly title?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const NEXT = `Next:
  npm run format && npm run synth && npm run docs
  npm test`;

export const newService = verb(
  'new-service',
  'write a new Python service: code, tests, image, and its entry in the topology',
  './platform new-service invoices --port 8005',
)
  .argument('<name>', 'name of workload, image and folder, such as invoices')
  .requiredOption('--port <number>', 'the port it listens on', Number)
  .option('--title <text>', 'its name for people (default: from the name)')
  .option('--dry-run', 'only say which files would be written')
  .option('--json', 'print the files as JSON')
  .addHelpText('after', '\nIt is a copy of services/sample-service: see docs/add-a-service.md.')
  .action(async (name: string, options: Options) => {
    const service = { name, title: options.title ?? titleOf(name), port: options.port };
    checkNewService(service, SERVICES, await takenIn(ROOT));
    const files = planNewService(service, sampleFiles(ROOT), listsOf(ROOT));
    if (!options.dryRun) writeFiles(ROOT, files);
    const names = files.map(({ path, change }) => ({ path, change }));
    if (options.json) return json({ ...service, written: !options.dryRun, files: names });
    for (const { path, change } of names) line(`${options.dryRun ? 'would be ' : ''}${change}  ${path}`);
    if (!options.dryRun) line(`\n${NEXT}`);
  });
