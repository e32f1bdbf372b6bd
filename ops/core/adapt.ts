/** Adapts rendered objects to the cluster: the number of pods of an autoscaled workload, the size of a volume. */

import { parseMemory } from '../../charts/config/quantity.ts';
import { valueAt } from '../../charts/config/values.ts';
import { identity, type KubeObject } from './objects.ts';

/** Field manager that owns `replicas` after the manifests dropped it, until the autoscaler sets it. */
export const REPLICAS_MANAGER = 'platform-replicas';
/** Field manager of what `kubectl apply` remembers, apart from ours: what ours no longer says would be removed. */
export const MEMORY_MANAGER = 'platform-last-applied';
/** Where `kubectl apply` without `--server-side` keeps what it applied last, to know what to remove. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface Adapted {
  /** What is sent in place of a wanted object; others are sent as they are. */
  readonly sent: ReadonlyMap<KubeObject, KubeObject>;
  /** Deployments whose number of pods the autoscaler takes over from manifests. */
  readonly handedOver: ReadonlySet<KubeObject>;
  /** What is not as the configuration says, and why. */
  readonly notes: readonly string[];
}

/** @param live with their managed fields. */
export function adapt(wanted: readonly KubeObject[], live: readonly KubeObject[]): Adapted {
  const there = new Map(live.map((object) => [identity(object), object]));
  const sent = new Map<KubeObject, KubeObject>();
  const handedOver = new Set<KubeObject>();
  const notes: string[] = [];
  for (const object of wanted) {
    const own = there.get(identity(object));
    if (!own) continue;
    const replicas = keptReplicas(object, own);
    if (replicas !== undefined) {
      sent.set(object, withSpec(object, { replicas }));
      handedOver.add(object);
    }
    const size = keptSize(object, own);
    if (size !== undefined) {
      sent.set(object, withSpec(object, { resources: { requests: { storage: size } } }));
      notes.push(
        `${object.metadata.namespace}/${object.metadata.name} keeps its ${size}: a volume cannot shrink`,
      );
    }
  }
  return { sent, handedOver, notes };
}

const withSpec = (object: KubeObject, change: object): KubeObject => ({
  ...object,
  spec: { ...(typeof object.spec === 'object' ? object.spec : {}), ...change },
});

/** The number of pods to keep when manifests no longer set it; the API server would default to 1. */
function keptReplicas(wanted: KubeObject, live: KubeObject): number | undefined {
  if (wanted.kind !== 'Deployment' || valueAt(wanted, ['spec', 'replicas']) !== undefined) return undefined;
  const running = valueAt(live, ['spec', 'replicas']);
  return typeof running === 'number' && ownedByManifests(live) ? running : undefined;
}

/** What was applied server-side is known by its owner, what client-side by what kubectl remembers. */
function ownedByManifests({ metadata: { managedFields = [], annotations } }: KubeObject): boolean {
  const last: unknown = JSON.parse(annotations?.[LAST_APPLIED] ?? 'null');
  return (
    valueAt(last, ['spec', 'replicas']) !== undefined ||
    managedFields.some(
      (entry) =>
        valueAt(entry, ['operation']) === 'Apply' &&
        valueAt(entry, ['manager']) !== REPLICAS_MANAGER &&
        valueAt(entry, ['fieldsV1', 'f:spec', 'f:replicas']) !== undefined,
    )
  );
}

function keptSize(wanted: KubeObject, live: KubeObject): string | undefined {
  if (wanted.kind !== 'PersistentVolumeClaim') return undefined;
  const [after, before] = [wanted, live].map((object) =>
    valueAt(object, ['spec', 'resources', 'requests', 'storage']),
  );
  if (typeof after !== 'string' || typeof before !== 'string') return undefined;
  return (parseMemory(before) ?? 0) > (parseMemory(after) ?? 0) ? before : undefined;
}

/** Only what names an object. */
const named = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject) => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
});

/** All that {@link REPLICAS_MANAGER} says of a Deployment. */
export const replicasOnly = (object: KubeObject): object => ({
  ...named(object),
  spec: { replicas: valueAt(object, ['spec', 'replicas']) },
});

/**
 * The last-applied annotation of an object that `kubectl apply` created. Without it, `kubectl apply` would later keep
 * fields that this release sets and the next one no longer has.
 */
export function memoryOf(object: KubeObject, live: KubeObject | undefined): object | undefined {
  if (live?.metadata.annotations?.[LAST_APPLIED] === undefined) return undefined;
  const { metadata, ...rest } = named(object);
  return {
    ...rest,
    metadata: { ...metadata, annotations: { [LAST_APPLIED]: `${JSON.stringify(object)}\n` } },
  };
}
