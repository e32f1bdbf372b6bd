import { ANY_COMPONENT, selectComponents } from '../core/components.ts';
import { type Check, type HealthRow, healthRows } from '../core/health.ts';
import { statusRows } from '../core/status.ts';
import { pod, workload } from '../core/workloads.ts';
import { askServices } from '../steps/ask.ts';
import { podsAround } from '../steps/pods.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends ClusterOptions {
  readonly json?: boolean;
}

export const health = withCluster(
  verb(
    'health',
    'ask each service how it is, and how long its database and Redis take; exit status 1 when something is not well',
    './platform health security --json',
  )
    .argument('[service...]', `${ANY_COMPONENT} (default: all)`)
    .option('--json', 'print the rows as JSON'),
)
  .addHelpText(
    'after',
    '\nStores, edge and other components have no such report: their probes speak for them.',
  )
  .action(async (names: readonly string[], options: Options) => {
    const live = await liveOf(options);
    const { kubectl, config, topology } = live;
    const components = selectComponents('health', topology, names);
    const services = components.filter(({ kind }) => kind === 'service');
    const [workloads, pods, livePods] = await Promise.all([
      kubectl.workloads(workload, config.environment),
      kubectl.pods(pod, config.environment),
      podsAround(live, components),
    ]);
    const status = statusRows(config, topology, { workloads, pods }, new Date());
    const rows = healthRows(components, status, await askServices(live, services, livePods));
    const well = rows.filter(({ ok }) => ok).length;
    if (options.json) json(rows);
    else {
      table(['component', 'health', 'answer ms', 'needs', 'reason'], rows.map(cells));
      line(`\n${well} of ${rows.length} well`);
    }
    if (well < rows.length) process.exitCode = 1;
  });

const cells = ({ component, ok, milliseconds, checks, reason }: HealthRow): readonly string[] => [
  component,
  ok ? 'ok' : 'not well',
  milliseconds === undefined ? '' : String(milliseconds),
  checks.map(needed).join(', '),
  reason,
];

const needed = ({ name, ok, latencyMs }: Check): string =>
  `${name} ${ok ? '' : 'unavailable '}${latencyMs === undefined ? '' : `${latencyMs} ms`}`.trim();
