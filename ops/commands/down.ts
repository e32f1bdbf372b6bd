import { checkTools } from '../tools/check.ts';
import { LocalCluster } from '../tools/kind.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { clusterConfig, confirmation, verb } from './options.ts';
import { line } from './print.ts';

interface Options extends ConfirmOptions {
  readonly clusterConfig?: string;
}

export const down = verb(
  'down',
  'delete the local kind cluster with everything in it',
  './platform down --yes',
)
  .addOption(clusterConfig())
  .addOption(confirmation())
  .action(async (options: Options) => {
    const local = new LocalCluster(options.clusterConfig);
    await checkTools(['docker', 'kind']);
    if (!(await local.exists())) return line(`No kind cluster ${local.name}: nothing to delete.`);
    line(
      `This deletes the kind cluster ${local.name} (${(await local.nodes()).join(', ')}) with all its volumes: databases, backups, secrets.`,
    );
    await confirm('down', 'Delete it?', options);
    await local.remove();
    line(`Deleted ${local.name}.`);
  });
