import type { Component, ComponentKind } from '../../charts/graph/model.ts';
import { ANY_COMPONENT, selectComponents } from '../core/components.ts';
import { roll, workloadsOf } from '../steps/rollout.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { type ClusterOptions, confirmation, liveOf, seconds, verb, withCluster } from './options.ts';
import { line } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions, ConfirmOptions {
  readonly timeout: number;
  readonly dryRun?: boolean;
}

export const restart = withCluster(
  verb(
    'restart',
    'replace the pods of components, one component after the other, without losing a request',
    './platform restart api-gateway security',
  )
    .argument('[service...]', `${ANY_COMPONENT} (default: all services)`)
    .option('--timeout <seconds>', 'how long to wait for each', seconds, 300)
    .option('--dry-run', 'only say what would be restarted')
    .addOption(confirmation()),
)
  .addHelpText(
    'after',
    '\nA store has one pod: its clients are without it for some seconds, so that is asked for.',
  )
  .action(async (names: readonly string[], options: Options) => {
    const live = await liveOf(options);
    const kinds: readonly ComponentKind[] | undefined = names.length === 0 ? ['service'] : undefined;
    const components = selectComponents('restart', live.topology, names, kinds);
    const workloads = await workloadsOf(live, components);
    if (options.dryRun) return line(`would restart ${components.map(({ name }) => name).join(', ')}`);
    const stores = components.filter(isStore).map(({ name }) => name);
    if (stores.length > 0)
      await confirm('restart', `${stores.join(', ')}: away for some seconds. Restart?`, options);
    for (const subject of workloads)
      await showing(
        {},
        {
          title: `Restart ${subject.metadata.name}`,
          work: (say) => roll(live, subject, ['rollout', 'restart'], options.timeout, say),
        },
      );
  });

const isStore = ({ kind }: Component): boolean => kind === 'postgres' || kind === 'redis';
