/** The table of `status`: what the topology expects, joined with what the cluster reports. */
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { type Topology, ZONES } from '../../charts/graph/model.ts';
import { type Pod, podsOf, progressOf, reasonOf, restartsOf, type Workload } from './workloads.ts';

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

/** Components of the topology in its order, then every other workload of the platform. */
export function statusRows(
  config: Config,
  topology: Topology,
  state: ClusterState,
  now: Date,
): readonly StatusRow[] {
  const expected = topology.components.filter(({ presence }) => presence === 'always');
  const key = (namespace: string, name: string): string => `${namespace}/${name}`;
  const live = new Map(state.workloads.map((one) => [key(one.metadata.namespace, one.metadata.name), one]));
  const expectedKeys = expected.map(({ zone, name }) => key(namespaceOf(config, zone), name));
  const rows = expected.map(({ name, zone }, index) => {
    const found = live.get(expectedKeys[index] ?? '');
    return found ? rowOf(found, zone, state.pods, now) : missing(name, zone);
  });
  const others = state.workloads
    .filter(({ metadata }) => !expectedKeys.includes(key(metadata.namespace, metadata.name)))
    .map((one) => rowOf(one, zoneOf(config, one.metadata.namespace), state.pods, now));
  return [...rows, ...others];
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

function rowOf(subject: Workload, zone: string, pods: readonly Pod[], now: Date): StatusRow {
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
    reason: done ? '' : (reasons[0] ?? (own.length === 0 ? 'no pod' : 'rolling out')),
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
