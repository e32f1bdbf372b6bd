/** Components of the platform, by the names people use and as the cluster reports them. */
import { z } from 'zod';
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import {
  ALERTMANAGER,
  type Component,
  type ComponentKind,
  GRAFANA,
  isOutside,
  PROMETHEUS,
  REDIS,
  type Topology,
} from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

interface Console {
  readonly component: keyof Config['monitoring']['localPorts'];
  readonly title: string;
  /** Scheme of its address. @default http */
  readonly scheme?: 'redis';
}

const CONSOLES: readonly Console[] = [
  { component: PROMETHEUS, title: 'Prometheus' },
  { component: GRAFANA, title: 'Grafana' },
  { component: ALERTMANAGER, title: 'Alertmanager' },
  { component: REDIS, title: 'Redis', scheme: 'redis' },
];

export interface Forwardable {
  readonly component: string;
  readonly title: string;
  readonly address: string;
  readonly localPort: number;
  /** Port of its pods; undefined when this configuration has no such component. */
  readonly port?: number;
}

/** Whether the component's pods hold data. A server outside is only watched from here. */
export const isOwnStore = (component: Component): boolean =>
  (component.kind === 'postgres' || component.kind === 'redis') && !isOutside(component);

/** @throws Failure for a component without a forwardable port. */
export function forwardables(
  { environment, tier, monitoring }: Config,
  { components }: Topology,
): readonly Forwardable[] {
  if (tier === 'protected')
    throw new Failure(
      `monitor: ${environment} exposes no console, not to this machine either`,
      'use kubectl port-forward, as yourself',
    );
  return CONSOLES.map(({ component: name, title, scheme = 'http' }) => {
    const localPort = monitoring.localPorts[name];
    const found = components.find((component) => component.name === name && !isOutside(component));
    const port = found?.ports[0]?.number;
    return {
      component: name,
      title,
      address: `${scheme}://127.0.0.1:${localPort}`,
      localPort,
      ...(port === undefined ? {} : { port }),
    };
  });
}

/** Description of an argument that may be any component; completion offers all of them there. */
export const ANY_COMPONENT = 'services, stores, edge or other components';

/**
 * The named components; without names, all that run all the time.
 *
 * @param verb the name the error message begins with.
 * @param kinds accepted kinds. @default every kind
 * @throws Failure for an unknown name.
 */
export function selectComponents(
  verb: string,
  { components }: Topology,
  names: readonly string[],
  kinds?: readonly ComponentKind[],
): readonly Component[] {
  const running = components.filter(
    ({ presence, kind }) => presence !== 'scheduled' && (kinds === undefined || kinds.includes(kind)),
  );
  const known = running.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Failure(`${verb}: "${unknown}" is not known`, `expected ${known.join(', ')}`);
  return names.length === 0
    ? running.filter(({ presence }) => presence === 'always' || presence === 'operated')
    : running.filter(({ name }) => names.includes(name));
}

/** The component of that name. @throws Failure for an unknown name. */
export function selectComponent(
  verb: string,
  topology: Topology,
  name: string,
  kinds?: readonly ComponentKind[],
): Component {
  const [found] = selectComponents(verb, topology, [name], kinds);
  if (!found) throw new Failure(`${verb}: "${name}" is not known`);
  return found;
}

const resources = z.record(z.string(), z.string()).default({});
const container = z.looseObject({
  name: z.string(),
  resources: z.looseObject({ requests: resources, limits: resources }).prefault({}),
});
const state = z.looseObject({
  name: z.string(),
  ready: z.boolean(),
  state: z.looseObject({ running: z.looseObject({ startedAt: z.string() }).optional() }).default({}),
});

/** The fields of a pod that the commands read. */
export const livePod = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({
    nodeName: z.string().default(''),
    containers: z.array(container),
    initContainers: z.array(container).default([]),
  }),
  status: z.looseObject({
    phase: z.string().default('Pending'),
    podIP: z.string().default(''),
    containerStatuses: z.array(state).default([]),
  }),
});
export type LivePod = z.output<typeof livePod>;

/** Pods of a component, without terminating ones. */
export const podsOfComponent = (
  config: Config,
  { zone, selector }: Component,
  pods: readonly LivePod[],
): readonly LivePod[] =>
  pods.filter(
    ({ metadata }) =>
      metadata.namespace === namespaceOf(config, zone) &&
      metadata.deletionTimestamp === undefined &&
      Object.entries(selector).every(([key, value]) => metadata.labels[key] === value),
  );

/** A running pod of the component, a ready one if possible. @throws Failure when none runs. */
export function runningPod(config: Config, component: Component, pods: readonly LivePod[]): LivePod {
  const running = podsOfComponent(config, component, pods).filter(({ status }) => status.phase === 'Running');
  const ready = running.find(({ status }) => status.containerStatuses.every((one) => one.ready));
  const found = ready ?? running[0];
  if (!found) throw new Failure(`${component.name}: has no running pod`, 'see ./platform status');
  return found;
}

/** The component's own container; the others are sidecars. */
export function mainContainer({ spec }: LivePod): string {
  return spec.containers[0]?.name ?? '';
}
