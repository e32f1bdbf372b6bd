/** The table of `status`: what the topology expects, joined with what the cluster reports. */

import { z } from 'zod';
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { type Component, type Topology, ZONES } from '../../charts/graph/model.ts';
import { type Pod, podsOf, progressOf, reasonOf, restartsOf, type Workload } from './workloads.ts';

/** A service's answer at `/health`. */
export const healthReport = z.looseObject({
  status: z.string(),
  checks: z.record(z.string(), z.looseObject({ status: z.string(), latency_ms: z.number().nullish() })),
});

/** The result of asking one pod. */
export interface Asked {
  readonly component: string;
  readonly pod: string;
  /** Milliseconds until the answer, including the network. */
  readonly milliseconds?: number;
  readonly report?: z.output<typeof healthReport>;
  /** Why there is no report. */
  readonly problem?: string;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly latencyMs?: number;
}

export interface HealthRow {
  readonly component: string;
  readonly pod: string;
  readonly ok: boolean;
  readonly milliseconds?: number;
  readonly checks: readonly Check[];
  readonly reason: string;
}

/** A row for each pod that was asked, and one for each component without such an endpoint: there the readiness of its pods counts. */
export function healthRows(
  components: readonly Component[],
  status: readonly StatusRow[],
  asked: readonly Asked[],
): readonly HealthRow[] {
  return components.flatMap(({ name }) => {
    const answers = asked.filter(({ component }) => component === name);
    if (answers.length > 0) return answers.map(healthRowOf);
    const row = status.find(({ component }) => component === name);
    return [
      {
        component: name,
        pod: '',
        ok: row?.ok ?? false,
        checks: [],
        reason: row ? row.reason : 'not deployed',
      },
    ];
  });
}

function healthRowOf({ component, pod, milliseconds, report, problem }: Asked): HealthRow {
  const checks = Object.entries(report?.checks ?? {}).map(([name, { status, latency_ms: latency }]) => ({
    name,
    ok: status === 'ok',
    ...(latency === null || latency === undefined ? {} : { latencyMs: latency }),
  }));
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => `${name} unavailable`);
  const ok = report?.status === 'ok';
  return {
    component,
    pod,
    ok,
    ...(milliseconds === undefined ? {} : { milliseconds }),
    checks,
    reason: problem ?? (ok ? '' : failed.join(', ') || `says ${report?.status}`),
  };
}

export interface StatusRow {
  readonly component: string;
  readonly zone: string;
  readonly ready: number;
  readonly wanted: number;
  readonly ok: boolean;
  readonly image: string;
  readonly restarts: number;
  readonly ageSeconds: number;
  readonly reason: string;
}

export interface ClusterState {
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pod[];
}

const runsAlways = ({ presence }: Component): boolean => presence === 'always' || presence === 'operated';

/** Components of the topology in its order, then every other workload of the platform. */
export function statusRows(
  config: Config,
  topology: Topology,
  state: ClusterState,
  now: Date,
): readonly StatusRow[] {
  const expected = topology.components.filter(runsAlways);
  const live = new Map(state.workloads.map((one) => [keyOf(one), one]));
  const expectedKeys = expected.map((component) => workloadKey(config, component));
  const rows = expected.map(({ name, zone }, index) => {
    const found = live.get(expectedKeys[index] ?? '');
    return found ? { ...statusRowOf(found, zone, state.pods, now), component: name } : missing(name, zone);
  });
  const others = state.workloads
    .filter((one) => !expectedKeys.includes(keyOf(one)))
    .map((one) => statusRowOf(one, zoneOf(config, one.metadata.namespace), state.pods, now));
  return [...rows, ...others];
}

const keyOf = ({ metadata }: Workload): string => `${metadata.namespace}/${metadata.name}`;
const workloadKey = (config: Config, { zone, name, workload = name }: Component): string =>
  `${namespaceOf(config, zone)}/${workload}`;

/** Components that should run but have no workload: operators create some only a while after the apply. */
export function absent(
  config: Config,
  topology: Topology,
  workloads: readonly Workload[],
): readonly string[] {
  const live = new Set(workloads.map(keyOf));
  return topology.components
    .filter(runsAlways)
    .filter((component) => !live.has(workloadKey(config, component)))
    .map(({ name }) => name);
}

const zoneOf = (config: Config, namespace: string): string =>
  ZONES.find((zone) => namespaceOf(config, zone) === namespace) ?? namespace;

const missing = (component: string, zone: string): StatusRow => ({
  component,
  zone,
  ready: 0,
  wanted: 1,
  ok: false,
  image: '',
  restarts: 0,
  ageSeconds: 0,
  reason: 'not deployed',
});

function statusRowOf(subject: Workload, zone: string, pods: readonly Pod[], now: Date): StatusRow {
  const own = podsOf(subject, pods);
  const { ready, wanted, done } = progressOf(subject);
  const reasons = own.map(reasonOf).filter((reason) => reason !== undefined);
  const born = Date.parse(subject.metadata.creationTimestamp);
  return {
    component: subject.metadata.name,
    zone,
    ready,
    wanted,
    ok: done,
    image: subject.spec.template.spec.containers[0]?.image ?? '',
    restarts: restartsOf(own),
    ageSeconds: Math.max(0, Math.round((now.getTime() - born) / 1000)),
    reason: done ? '' : (reasons[0] ?? subject.status.phase ?? (own.length === 0 ? 'no pod' : 'rolling out')),
  };
}

/** `3d4h`, `5h12m`, `7m`, `12s`. */
export function age(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days > 0) return `${days}d${hours}h`;
  if (hours > 0) return `${hours}h${minutes}m`;
  return minutes > 0 ? `${minutes}m` : `${seconds}s`;
}
