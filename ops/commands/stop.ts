import { LOCAL } from '../../charts/config/environments.ts';
import { messageOf } from '../core/failure.ts';
import { flushStores } from '../steps/flush.ts';
import { checkTools } from '../tools/check.ts';
import { checkInterrupted } from '../tools/interrupt.ts';
import { LocalCluster } from '../tools/kind.ts';
import { Kubectl } from '../tools/kubectl.ts';
import { clusterConfig, setupOf, verb } from './options.ts';
import { line } from './print.ts';
import { type Say, showing } from './progress.ts';

interface Options {
  readonly clusterConfig?: string;
  readonly dryRun?: boolean;
}

export const stop = verb(
  'stop',
  'stop the local cluster; its data stays, ./platform start goes on with it',
  './platform stop',
)
  .addOption(clusterConfig())
  .option('--dry-run', 'only say what would be stopped')
  .action(async (options: Options) => {
    const local = new LocalCluster(options.clusterConfig);
    await checkTools(['docker', 'kind', 'kubectl']);
    if (!(await local.exists())) return line(`No kind cluster ${local.name}: nothing to stop.`);
    const nodes = (await local.nodes()).join(', ');
    if (options.dryRun) return line(`would stop ${nodes}`);
    await showing({}, { title: 'Have the stores write what they have', work: (say) => flush(local, say) });
    await showing({}, { title: `Stop ${nodes}`, work: () => local.stop() });
  });

/** A cluster that does not answer is stopped all the same: its databases recover by themselves. */
async function flush(local: LocalCluster, say: Say): Promise<void> {
  const kubectl = new Kubectl(local.context);
  const setup = await setupOf({ env: LOCAL, set: [], values: [] });
  try {
    say((await flushStores({ ...setup, kubectl })).join(', '));
  } catch (error) {
    checkInterrupted();
    say(`not possible: ${messageOf(error)}`);
  }
}
