/** Adapts rendered objects to the cluster: the number of pods of an autoscaled workload, the size of a volume. */

import { parseMemory } from '../../charts/config/quantity.ts';
import { valueAt } from '../../charts/config/values.ts';
import { identity, type KubeObject } from './objects.ts';

/** Field manager that owns `replicas` after manifests drop it, until the autoscaler sets it. */
export const REPLICAS_MANAGER = 'platform-replicas';
/** Field manager of the last-applied annotation; `platform` would remove other fields it no longer sends. */
export const MEMORY_MANAGER = 'platform-last-applied';
/** Where client-side `kubectl apply` keeps the object it last applied, to know which fields to remove. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface Adapted {
  /** The object to send in place of a wanted one; all others are sent unchanged. */
  readonly sent: ReadonlyMap<KubeObject, KubeObject>;
  /** Deployments whose number of pods passes from the manifests to the autoscaler. */
  readonly handedOver: ReadonlySet<KubeObject>;
  /** Where the cluster differs from the configuration, and why. */
  readonly notes: readonly string[];
}

/** @param live objects with their managed fields. */
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

/** The number of pods to keep when manifests no longer set it: the API server's default is 1. */
function keptReplicas(wanted: KubeObject, live: KubeObject): number | undefined {
  if (wanted.kind !== 'Deployment' || valueAt(wanted, ['spec', 'replicas']) !== undefined) return undefined;
  const running = valueAt(live, ['spec', 'replicas']);
  return typeof running === 'number' && ownedByManifests(live) ? running : undefined;
}

/** Server-side apply records an owner; client-side apply leaves an annotation. */
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

/** Only the fields that identify an object. */
const named = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject) => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
});

/** The only part of a Deployment that {@link REPLICAS_MANAGER} applies. */
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
