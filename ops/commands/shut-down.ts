import { LOCAL } from '../../charts/config/environments.ts';
import { databaseOf } from '../../charts/data/database.ts';
import type { Component } from '../../charts/graph/model.ts';
import { isOwnStore, type LivePod, podsOfComponent } from '../core/components.ts';
import { execArguments, psqlCommand, redisCommand } from '../core/consoles.ts';
import { messageOf } from '../core/failure.ts';
import { podsAround } from '../steps/pods.ts';
import type { ComponentsInCluster } from '../steps/target.ts';
import { checkTools } from '../tools/check-tools.ts';
import { checkInterrupted } from '../tools/interrupt.ts';
import { LocalCluster } from '../tools/kind.ts';
import { Kubectl } from '../tools/kubectl.ts';
import { inParallel } from '../tools/parallel.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { clusterConfig, confirmation, setupOf, verb } from './options.ts';
import { line } from './print.ts';
import { type Say, showing } from './progress.ts';

interface DownOptions extends ConfirmOptions {
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
  .action(async (options: DownOptions) => {
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

/** @returns names of the running stores, after each has written its data to disk. */
export async function flushStores({
  kubectl,
  config,
  topology,
}: ComponentsInCluster): Promise<readonly string[]> {
  const stores = topology.components.filter(isOwnStore);
  const pods = await podsAround({ kubectl, config }, stores);
  const due = stores.flatMap((component) =>
    podsOfComponent(config, component, pods)
      .filter(({ status }) => status.containerStatuses.some(({ ready }) => ready))
      .map((pod) => ({ component, pod })),
  );
  return inParallel(due, 3, async ({ component, pod }) => {
    await flush(component, pod);
    return component.name;
  });

  async function flush({ kind, service }: Component, pod: LivePod): Promise<void> {
    const run = (command: readonly string[], input?: string) =>
      kubectl.output(execArguments(pod, ['--stdin'], command), input);
    if (kind === 'redis') await run(redisCommand(['SAVE']));
    else if (service?.database && config.databases.engine === 'statefulset') {
      const database = databaseOf(config, service);
      await run(psqlCommand(database, { superuser: true }), 'CHECKPOINT;\n');
    }
  }
}

interface Options {
  readonly clusterConfig?: string;
  readonly dryRun?: boolean;
}

export const stop = verb(
  'stop',
  'stop the local cluster and keep its data; ./platform start resumes it',
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
    await showing({}, { title: 'Flush the stores to disk', work: (say) => flush(local, say) });
    await showing({}, { title: `Stop ${nodes}`, work: () => local.stop() });
  });

/** A cluster that does not answer is stopped anyway: its databases recover at the next start. */
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
