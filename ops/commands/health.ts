import { portOf } from '../../charts/graph/build.ts';
import type { Component } from '../../charts/graph/model.ts';
import { ANY_COMPONENT, type LivePod, podsOfComponent, selectComponents } from '../core/components.ts';
import { messageOf } from '../core/failure.ts';
import {
  type Asked,
  type Check,
  type HealthRow,
  healthReport,
  healthRows,
  statusRows,
} from '../core/status.ts';
import { pod, workload } from '../core/workloads.ts';
import { podsAround, portOfPod } from '../steps/pods.ts';
import type { ConfiguredCluster } from '../steps/target.ts';
import { withForward } from '../tools/forward.ts';
import { checkInterrupted } from '../tools/interrupt.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';

/** A service checks its dependencies for up to 3 seconds. */
const PATIENCE_MS = 10_000;

/** Asks every running pod of the services. A service that is not ready answers too. */
export function askServices(
  { kubectl, config }: ConfiguredCluster,
  services: readonly Component[],
  pods: readonly LivePod[],
): Promise<readonly Asked[]> {
  const running = services.flatMap((component) =>
    podsOfComponent(config, component, pods)
      .filter(({ status }) => status.phase === 'Running')
      .map((pod) => ({ component, pod })),
  );
  return Promise.all(running.map(ask));

  async function ask({ component, pod }: { component: Component; pod: LivePod }): Promise<Asked> {
    const subject = { component: component.name, pod: pod.metadata.name };
    const target = portOfPod(kubectl, pod, portOf(component, 'http'));
    try {
      return await withForward(target, async (origin) => ({ ...subject, ...(await healthOf(origin)) }));
    } catch (error) {
      checkInterrupted();
      return { ...subject, problem: messageOf(error) };
    }
  }
}

async function healthOf(origin: string): Promise<Pick<Asked, 'milliseconds' | 'report'>> {
  const began = performance.now();
  const answer = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const report = healthReport.parse(await answer.json());
  return { milliseconds: Math.round((performance.now() - began) * 10) / 10, report };
}

interface Options extends ClusterOptions {
  readonly json?: boolean;
}

export const health = withCluster(
  verb(
    'health',
    'show the health of each service and the latency of its database and Redis; exit status 1 when one is unhealthy',
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
      kubectl.workloads(workload, config),
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
