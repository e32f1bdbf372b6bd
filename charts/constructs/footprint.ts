/** The most resources the workloads of a namespace may use: the base of its quota. */
import { ApiObject, type Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { bytesOf, formatCpu, formatMemory, millicores } from '../config/quantity.ts';

/** Room for what the manifests do not hold: a debug pod, a restore, a changed request during a rollout. */
const HEADROOM = 1.25;

interface Amounts {
  readonly requests?: Readonly<Record<string, string>> | undefined;
  readonly limits?: Readonly<Record<string, string>> | undefined;
}
interface ContainerLike {
  readonly resources?: Amounts | undefined;
}
export interface PodSpecLike {
  readonly containers: readonly ContainerLike[];
  readonly initContainers?: readonly ContainerLike[] | undefined;
}
export interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly spec: {
    readonly replicas?: number | undefined;
    readonly maxReplicas?: number | undefined;
    readonly scaleTargetRef?: { readonly name: string } | undefined;
    readonly strategy?:
      | { readonly rollingUpdate?: { readonly maxSurge?: number | string | undefined } | undefined }
      | undefined;
    readonly template?: { readonly spec: PodSpecLike } | undefined;
    /** For Prometheus and Alertmanager: resources of the main container; `containers` has the others. */
    readonly resources?: Amounts | undefined;
    readonly containers?: readonly ContainerLike[] | undefined;
    readonly initContainers?: readonly ContainerLike[] | undefined;
    readonly jobTemplate?:
      | { readonly spec: { readonly template: { readonly spec: PodSpecLike } } }
      | undefined;
  };
}

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;
type Resource = (typeof RESOURCES)[number];
type Measure = `${'requests' | 'limits'}.${Resource}`;
const MEASURES: readonly Measure[] = RESOURCES.flatMap((resource) => [
  `requests.${resource}` as const,
  `limits.${resource}` as const,
]);

/** A pod counts as the larger of its containers together and its largest init container. */
function podAmount(pod: PodSpecLike, measure: Measure): number {
  const [side, resource] = measure.split('.') as ['requests' | 'limits', Resource];
  const of = (container: ContainerLike): number => {
    const quantity = container.resources?.[side]?.[resource] ?? '0';
    return resource === 'cpu' ? millicores(quantity) : bytesOf(quantity);
  };
  const together = pod.containers.reduce((sum, container) => sum + of(container), 0);
  return Math.max(together, ...(pod.initContainers ?? []).map(of));
}

export class Footprint {
  readonly amounts: Record<Measure, number> = {
    'requests.cpu': 0,
    'requests.memory': 0,
    'requests.ephemeral-storage': 0,
    'limits.cpu': 0,
    'limits.memory': 0,
    'limits.ephemeral-storage': 0,
  };
  pods = 0;

  add(pod: PodSpecLike, count: number): void {
    this.pods += count;
    for (const measure of MEASURES) this.amounts[measure] += count * podAmount(pod, measure);
  }

  /** `hard` of a ResourceQuota. */
  toQuota(): Record<string, k8s.Quantity> {
    const quota: Record<string, k8s.Quantity> = {};
    for (const measure of MEASURES) {
      const amount = Math.ceil(this.amounts[measure] * HEADROOM);
      quota[measure] = k8s.Quantity.fromString(
        measure.endsWith('cpu') ? formatCpu(amount) : formatMemory(amount),
      );
    }
    quota.pods = k8s.Quantity.fromString(String(Math.ceil(this.pods * HEADROOM)));
    return quota;
  }
}

const WORKLOADS = [
  'Deployment',
  'StatefulSet',
  'CronJob',
  'Job',
  'HorizontalPodAutoscaler',
  'Prometheus',
  'Alertmanager',
];

/** The pod of a workload. Those of DaemonSets are not counted: a quota would stop them on the next node. */
function podOf({ kind, spec }: Workload): PodSpecLike | undefined {
  if (kind === 'Prometheus' || kind === 'Alertmanager') {
    const { resources = {}, containers = [], initContainers = [] } = spec;
    return { containers: [{ resources }, ...containers], initContainers };
  }
  return spec.template?.spec ?? spec.jobTemplate?.spec.template.spec;
}

/**
 * The most pods a Deployment can have: the new ones, as many old ones that still drain, and the surge. A quota counts
 * a pod until it has ended. Without a surge, as with Recreate, an old pod ends before its successor is created.
 */
function inRollout({ strategy }: Workload['spec'], replicas: number): number {
  const surge = Number(strategy?.rollingUpdate?.maxSurge ?? 0);
  return surge > 0 ? 2 * replicas + surge : replicas;
}

/** Footprint of every namespace of the charts; see {@link footprintsOf}. */
export function footprints(charts: readonly Chart[]): ReadonlyMap<string, Footprint> {
  return footprintsOf(
    charts
      .flatMap((chart) => chart.node.findAll())
      .filter((node): node is ApiObject => node instanceof ApiObject && WORKLOADS.includes(node.kind))
      .map((node): Workload => node.toJson()),
  );
}

/** Footprint of every namespace, with replicas at their maximum and all Deployments in a rollout at the same time. */
export function footprintsOf(objects: readonly Workload[]): ReadonlyMap<string, Footprint> {
  const workloads = objects.filter(({ kind }) => WORKLOADS.includes(kind));
  const largest = new Map(
    workloads
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      .map(({ metadata, spec }) => [
        `${metadata.namespace}/${spec.scaleTargetRef?.name}`,
        spec.maxReplicas ?? 1,
      ]),
  );
  const result = new Map<string, Footprint>();
  for (const workload of workloads) {
    const { kind, metadata, spec } = workload;
    const pod = podOf(workload);
    if (!pod || !metadata.namespace) continue;
    const footprint = result.get(metadata.namespace) ?? new Footprint();
    const replicas = largest.get(`${metadata.namespace}/${metadata.name}`) ?? spec.replicas ?? 1;
    footprint.add(pod, kind === 'Deployment' ? inRollout(spec, replicas) : replicas);
    result.set(metadata.namespace, footprint);
  }
  return result;
}
