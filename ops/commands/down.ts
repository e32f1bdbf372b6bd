import { checkTools } from '../tools/check-tools.ts';
import { LocalCluster } from '../tools/kind.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { clusterConfig, confirmation, verb } from './options.ts';
import { line } from './print.ts';

interface Options extends ConfirmOptions {
  readonly clusterConfig?: string;
  readonly dryRun?: boolean;
}

export const down = verb(
  'down',
  'delete the local kind cluster with everything in it',
  './platform down --yes',
)
  .addOption(clusterConfig())
  .option('--dry-run', 'only say what would be deleted')
  .addOption(confirmation())
  .action(async (options: Options) => {
    const local = new LocalCluster(options.clusterConfig);
    await checkTools(['docker', 'kind']);
    if (!(await local.exists())) return line(`No kind cluster ${local.name}: nothing to delete.`);
    const what = `the kind cluster ${local.name} (${(await local.nodes()).join(', ')}) with all its volumes: databases, backups, secrets`;
    if (options.dryRun) return line(`would delete ${what}`);
    line(`This deletes ${what}.`);
    await confirm('down', 'Delete it?', options);
    await local.remove();
    line(`Deleted ${local.name}.`);
  });
