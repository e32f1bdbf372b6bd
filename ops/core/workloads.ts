/** Workloads and their pods as the cluster reports them: the progress of a rollout, and what holds it up. */
import { z } from 'zod';
import { scaleOf } from '../../charts/config/scale.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { LivePod } from './components.ts';
import { asWorkload } from './database-clusters.ts';
import { Failure } from './failure.ts';

/** Kubernetes writes times in whole seconds. */
const PRECISION_MS = 1000;

/**
 * Names of pods with a container that has not started since its node did. Until the kubelet has synced a pod,
 * the pod's status is from before the node stopped, for example ready.
 *
 * @param nodes last start of each node.
 */
export const asleep = (pods: readonly LivePod[], nodes: ReadonlyMap<string, string>): readonly string[] =>
  pods
    .filter(({ status: { phase } }) => phase === 'Running' || phase === 'Pending')
    .filter(({ spec, status: { containerStatuses } }) => {
      const since = Date.parse(nodes.get(spec.nodeName) ?? '');
      return (
        containerStatuses.length < spec.containers.length ||
        containerStatuses.some(
          ({ state }) => !(Date.parse(state.running?.startedAt ?? '') + PRECISION_MS > since),
        )
      );
    })
    .map(({ metadata }) => metadata.name);

export interface Wanted {
  readonly service: string;
  readonly replicas: number;
}

/** `security=2`. @throws Failure for any other form. */
export function parseWanted(text: string): Wanted {
  const [, service, count] = /^([^=]+)=(\d{1,2})$/.exec(text) ?? [];
  if (service === undefined || count === undefined)
    throw new Failure(
      `scale: "${text}" is not valid`,
      'expected SERVICE=N such as security=2, N from 0 to 99',
    );
  return { service, replicas: Number(count) };
}

/** @throws Failure when an autoscaler sets the number. */
export function checkScalable(config: Config, { service }: Wanted, autoscaled: boolean): void {
  const range = scaleOf(config, service).autoscaler;
  if (range || autoscaled)
    throw new Failure(
      `scale: ${service} is autoscaled${range ? ` from ${range.min} to ${range.max}` : ''}`,
      `set services.${service}.minReplicas and maxReplicas, and apply`,
    );
}

const count = z.int().default(0);

const plain = z.looseObject({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet', 'Cluster']),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    generation: count,
    creationTimestamp: z.string(),
  }),
  spec: z.looseObject({
    replicas: z.int().default(1),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).default({}) }),
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
    }),
  }),
  status: z.looseObject({
    observedGeneration: count,
    replicas: count,
    readyReplicas: count,
    updatedReplicas: count,
    currentRevision: z.string().optional(),
    updateRevision: z.string().optional(),
    desiredNumberScheduled: count,
    updatedNumberScheduled: count,
    numberReady: count,
    /** A Cluster's phase; undefined when it is healthy. */
    phase: z.string().optional(),
  }),
});
/** A Cluster of CloudNativePG counts as a workload. */
export const workload = z.preprocess(asWorkload, plain);
export type Workload = z.output<typeof workload>;

const containerStatus = z.looseObject({
  name: z.string(),
  ready: z.boolean(),
  restartCount: count,
  state: z
    .looseObject({
      waiting: z
        .looseObject({ reason: z.string().default('Waiting'), message: z.string().optional() })
        .optional(),
      terminated: z.looseObject({ reason: z.string().default('Terminated'), exitCode: count }).optional(),
    })
    .default({}),
});
type ContainerStatus = z.output<typeof containerStatus>;

export const pod = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string().default(''),
    labels: z.record(z.string(), z.string()).default({}),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  status: z.looseObject({
    phase: z.string().default('Pending'),
    conditions: z
      .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
      .default([]),
    initContainerStatuses: z.array(containerStatus).default([]),
    containerStatuses: z.array(containerStatus).default([]),
  }),
});
export type Pod = z.output<typeof pod>;

export const event = z.looseObject({
  type: z.string().default('Normal'),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  involvedObject: z.looseObject({ name: z.string().default(''), namespace: z.string().default('') }),
});
export type Event = z.output<typeof event>;

export interface Progress {
  readonly ready: number;
  readonly wanted: number;
  /** Every replica is ready and of the newest version, and no older pod is left. */
  readonly done: boolean;
}

export function progressOf({ kind, metadata, spec, status }: Workload): Progress {
  const observed = status.observedGeneration >= metadata.generation;
  if (kind === 'DaemonSet') {
    const { desiredNumberScheduled: wanted, numberReady: ready, updatedNumberScheduled: updated } = status;
    return { ready, wanted, done: observed && ready >= wanted && updated >= wanted };
  }
  const wanted = spec.replicas;
  if (kind === 'Cluster') {
    const { readyReplicas: ready, phase } = status;
    return { ready, wanted, done: phase === undefined && ready === wanted };
  }
  const { readyReplicas: ready, updatedReplicas: updated, replicas } = status;
  const rolled =
    kind === 'StatefulSet' ? status.currentRevision === status.updateRevision : updated === wanted;
  return { ready, wanted, done: observed && rolled && ready === wanted && replicas === wanted };
}

/** Pods that a workload selects, without terminating ones. */
export function podsOf({ metadata, spec }: Workload, pods: readonly Pod[]): readonly Pod[] {
  const labels = Object.entries(spec.selector.matchLabels);
  return pods.filter(
    (candidate) =>
      candidate.metadata.namespace === metadata.namespace &&
      candidate.metadata.deletionTimestamp === undefined &&
      labels.every(([key, value]) => candidate.metadata.labels[key] === value),
  );
}

export const restartsOf = (pods: readonly Pod[]): number =>
  pods
    .flatMap(({ status }) => [...status.initContainerStatuses, ...status.containerStatuses])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);

/** Why a pod is not ready, in a few words; undefined when it is ready. */
export function reasonOf({ status }: Pod): string | undefined {
  const waiting = [...status.initContainerStatuses, ...status.containerStatuses].flatMap(containerReason);
  if (waiting.length > 0) return waiting[0];
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') return `not scheduled: ${scheduled.message ?? 'no reason given'}`;
  const unready = status.containerStatuses.find(({ ready }) => !ready);
  if (unready) return `${unready.name}: not ready`;
  return status.phase === 'Running' ? undefined : status.phase;
}

/** Reasons that waiting does not cure; before `BackOff` the kubelet has tried for a while. */
const HOPELESS = ['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError'];
const CRASHES = 3;
/** The image may still be loading, and the Secret may appear in a moment. */
const PATIENCE_MS = 20_000;

/** Why a pod will never become ready; undefined while it may. */
export function hopeless({ metadata, status }: Pod, now: Date): string | undefined {
  const age = now.getTime() - Date.parse(metadata.creationTimestamp);
  const found = [...status.initContainerStatuses, ...status.containerStatuses].find(
    ({ state: { waiting }, restartCount }) =>
      waiting?.reason === 'CrashLoopBackOff'
        ? restartCount >= CRASHES
        : HOPELESS.includes(waiting?.reason ?? '') && age > PATIENCE_MS,
  );
  return found && `${metadata.name}: ${found.name}: ${found.state.waiting?.reason}`;
}

/** `PodInitializing` only means that an init container has not finished, which has a reason of its own. */
function containerReason({ name, state }: ContainerStatus): readonly string[] {
  if (state.waiting && state.waiting.reason !== 'PodInitializing')
    return [`${name}: ${state.waiting.reason}`];
  if (state.terminated && state.terminated.exitCode !== 0)
    return [`${name}: ${state.terminated.reason}, exit status ${state.terminated.exitCode}`];
  return [];
}

/** Lines that say why a workload is not ready: its pods, their reasons, their last events. */
export function explain(
  subject: Workload,
  pods: readonly Pod[],
  events: readonly Event[],
): readonly string[] {
  const { name, namespace } = subject.metadata;
  const own = podsOf(subject, pods);
  const { ready, wanted } = progressOf(subject);
  const { phase } = subject.status;
  const head = `${namespace}/${name}: ${ready} of ${wanted} ready${phase ? `, ${phase}` : ''}`;
  const about = own.length > 0 ? own.map((one) => one.metadata.name) : [name];
  const podLines = own.map(
    (one) => `  pod ${one.metadata.name}: ${one.status.phase}, ${reasonOf(one) ?? 'ready'}`,
  );
  const eventLines = events
    .filter(({ type, involvedObject }) => type === 'Warning' && involvedObject.namespace === namespace)
    .filter(({ involvedObject }) => about.some((owner) => involvedObject.name.startsWith(owner)))
    .toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))
    .slice(-3)
    .map(({ reason, message }) => `  event ${reason}: ${message.replaceAll(/\s+/g, ' ')}`);
  return [head, ...podLines, ...eventLines];
}

const timeOf = ({ lastTimestamp, eventTime }: Event): string => lastTimestamp ?? eventTime ?? '';
