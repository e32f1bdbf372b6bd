import type { ComponentKind } from '../../charts/graph/model.ts';
import { ANY_COMPONENT, isOwnStore, selectComponent, selectComponents } from '../core/components.ts';
import { checkScalable, parseWanted } from '../core/workloads.ts';
import { roll, workloadsOf } from '../steps/rollout.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { type ClusterOptions, confirmation, liveOf, seconds, verb, withCluster } from './options.ts';
import { line } from './print.ts';
import { showing } from './progress.ts';

interface RestartOptions extends ClusterOptions, ConfirmOptions {
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
  .action(async (names: readonly string[], options: RestartOptions) => {
    const live = await liveOf(options);
    const kinds: readonly ComponentKind[] | undefined = names.length === 0 ? ['service'] : undefined;
    const components = selectComponents('restart', live.topology, names, kinds);
    const workloads = await workloadsOf(live, components);
    if (options.dryRun) return line(`would restart ${components.map(({ name }) => name).join(', ')}`);
    const stores = components.filter(isOwnStore).map(({ name }) => name);
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

interface Options extends ClusterOptions, ConfirmOptions {
  readonly timeout: number;
  readonly dryRun?: boolean;
}

export const scale = withCluster(
  verb('scale', 'run N pods of a service until the next apply', './platform scale security=2')
    .argument('<service=N...>', 'services and how many pods of each')
    .option('--timeout <seconds>', 'how long to wait for each', seconds, 300)
    .option('--dry-run', 'only say what would change')
    .addOption(confirmation()),
)
  .addHelpText('after', '\nAn apply sets it back to the configuration: services.SERVICE.replicas.')
  .action(async (texts: readonly string[], options: Options) => {
    const wanted = texts.map(parseWanted);
    const live = await liveOf(options);
    const { kubectl, config, topology } = live;
    const components = wanted.map(({ service }) => selectComponent('scale', topology, service, ['service']));
    const workloads = await workloadsOf(live, components);
    const changes = workloads.map((subject, index) => ({
      subject,
      service: subject.metadata.name,
      from: subject.spec.replicas,
      to: wanted[index]?.replicas ?? subject.spec.replicas,
    }));
    for (const { subject, service, to } of changes) {
      const args = ['get', 'horizontalpodautoscalers', service, `--namespace=${subject.metadata.namespace}`];
      const found = await kubectl.output([...args, '--ignore-not-found', '--output=name']);
      checkScalable(config, { service, replicas: to }, found !== '');
    }
    if (options.dryRun) {
      for (const { service, from, to } of changes) line(`would scale ${service} from ${from} to ${to}`);
      return;
    }
    const none = changes.filter(({ to }) => to === 0).map(({ service }) => service);
    if (none.length > 0)
      await confirm('scale', `${none.join(', ')}: no pod will answer. Scale to 0?`, options);
    for (const { subject, service, from, to } of changes)
      await showing(
        {},
        {
          title: `Scale ${service} from ${from} to ${to}`,
          work: (say) => roll(live, subject, ['scale', `--replicas=${to}`], options.timeout, say),
        },
      );
    line('The next apply sets this back to the configuration: services.SERVICE.replicas.');
  });
