/** What a cluster may demand of pods: for all of them, by zone or by component. */
import { z } from 'zod';
import { affinity, spreadConstraint, toleration, variable } from '../../imports/kubernetes.ts';
import { ConfigError } from '../graph/error.ts';
import { type Component, ZONES } from '../graph/model.ts';
import { bytes, cpu, dns1123 } from './fields.ts';

const strings = z.record(z.string(), z.string());
const amounts = z.strictObject({
  cpu: cpu.exactOptional(),
  memory: bytes.exactOptional(),
  'ephemeral-storage': bytes.exactOptional(),
});

const fields = {
  /** Labels of the nodes a pod may run on. */
  nodeSelector: strings.exactOptional(),
  /** Taints a pod tolerates. A narrower level adds its tolerations to those of a wider one. */
  tolerations: z.array(toleration).exactOptional(),
  /** `nodeAffinity`, `podAffinity` and `podAntiAffinity`, as Kubernetes writes them; each replaces that of a wider level. */
  affinity: affinity.exactOptional(),
  /** Replaces the platform's own: pods of a Deployment on different nodes. */
  topologySpreadConstraints: z.array(spreadConstraint).exactOptional(),
  /** Labels of pods, beside the platform's own. */
  podLabels: strings.exactOptional(),
  /** Annotations of pods, beside the platform's own. */
  podAnnotations: strings.exactOptional(),
  /** Secrets with the credentials of registries, in the namespace of the pod. Those of a narrower level are added. */
  imagePullSecrets: z.array(z.strictObject({ name: dns1123 })).exactOptional(),
  /** A priority class of the cluster, in place of the platform's own. */
  priorityClassName: z.string().exactOptional(),
  /** A runtime class of the cluster. Pods of Prometheus, Alertmanager and CloudNativePG have no such field. */
  runtimeClassName: z.string().exactOptional(),
  /** Environment variables of the services' containers. A name that the platform sets itself is refused. */
  extraEnv: z.array(variable).exactOptional(),
};

const component = z.strictObject({
  ...fields,
  /** Requests and limits by container. */
  resources: z
    .record(dns1123, z.strictObject({ requests: amounts.exactOptional(), limits: amounts.exactOptional() }))
    .exactOptional(),
});
const zone = z.strictObject(fields);

export const pods = z
  .strictObject({
    ...fields,
    /** By zone, which is a namespace. */
    zones: z.partialRecord(z.enum(ZONES), zone).default({}),
    /** By component: a service, a store, a job, a part of the edge, of monitoring or of logging. */
    components: z.record(z.string(), component).default({}),
  })
  .prefault({});

type Pods = z.output<typeof pods>;
export type PodSettings = z.output<typeof component>;

const byName = <T extends { readonly name: string }>(
  ...lists: readonly (readonly T[] | undefined)[]
): T[] => [...new Map(lists.flatMap((list) => list ?? []).map((item) => [item.name, item])).values()];

/** Merges `over` into `base`: mappings are merged, additive lists are joined, everything else is replaced. */
function mergeSettings(base: PodSettings, over: PodSettings): PodSettings {
  return {
    ...base,
    ...over,
    nodeSelector: { ...base.nodeSelector, ...over.nodeSelector },
    tolerations: [...(base.tolerations ?? []), ...(over.tolerations ?? [])],
    affinity: { ...base.affinity, ...over.affinity },
    podLabels: { ...base.podLabels, ...over.podLabels },
    podAnnotations: { ...base.podAnnotations, ...over.podAnnotations },
    imagePullSecrets: byName(base.imagePullSecrets, over.imagePullSecrets),
    extraEnv: byName(base.extraEnv, over.extraEnv),
  };
}

/** Settings for the pods of a component: for all pods, then by zone, then by component. */
export function podSettings({ pods }: { readonly pods: Pods }, { name, zone }: PlacedComponent): PodSettings {
  const { zones, components, ...all } = pods;
  return mergeSettings(mergeSettings(all, zones[zone] ?? {}), components[name] ?? {});
}
type PlacedComponent = Pick<Component, 'name' | 'zone'>;

/** Prefixes of labels that selectors, policies and the inventory read. */
const OWN_LABELS = /^(app\.kubernetes\.io\/(name|component|part-of|managed-by)|ai-assistants\/.*)$/;

/** @throws ConfigError for a label the platform itself sets. */
export function checkLabels(labels: Readonly<Record<string, string>> = {}, field: string): void {
  const own = Object.keys(labels).find((name) => OWN_LABELS.test(name));
  if (own)
    throw new ConfigError(`${field}.${own}`, labels[own], 'no value: the platform sets this label itself');
}

/** @throws ConfigError for an unknown component, and for settings its pods cannot have. */
export function checkPods({ pods }: { readonly pods: Pods }, components: readonly Component[]): void {
  checkLabels(pods.podLabels, 'pods.podLabels');
  for (const [name, level] of Object.entries(pods.zones))
    checkLabels(level?.podLabels, `pods.zones.${name}.podLabels`);
  for (const [name, { podLabels, extraEnv }] of Object.entries(pods.components)) {
    checkLabels(podLabels, `pods.components.${name}.podLabels`);
    const component = components.find((candidate) => candidate.name === name);
    if (!component)
      throw new ConfigError(
        'pods.components',
        name,
        `one of ${components.map((one) => one.name).join(', ')}`,
      );
    if (extraEnv && component.kind !== 'service')
      throw new ConfigError(`pods.components.${name}.extraEnv`, extraEnv, 'nothing: only services take it');
  }
}
