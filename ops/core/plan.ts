/** What an apply would do, from the wanted objects, the live ones and a dry run. */
import { isDeepStrictEqual } from 'node:util';
import { type Adapted, LAST_APPLIED } from './adapt.ts';
import { Failure } from './failure.ts';
import { identity, KEPT_KINDS, type KubeObject, title } from './objects.ts';

/** Why the API server refused an object. */
interface Refusal {
  readonly object: KubeObject;
  readonly reason: string;
}

export interface Plan {
  readonly created: readonly KubeObject[];
  readonly changed: readonly KubeObject[];
  readonly unchanged: readonly KubeObject[];
  readonly pruned: readonly KubeObject[];
  /** Changed StatefulSets whose change is immutable: the set is recreated, its pods and volumes stay. */
  readonly recreated: readonly KubeObject[];
  readonly refused: readonly Refusal[];
  readonly adapted: Adapted;
  /** Live objects by identity. */
  readonly live: ReadonlyMap<string, KubeObject>;
}

/** Result of a server-side dry run of the objects that exist. */
export interface Answers {
  readonly merged: readonly KubeObject[];
  readonly refused: readonly Refusal[];
}

/** Wanted objects the API server is still deleting: changes to them, or inside them, would be deleted too. */
export function beingDeleted(
  wanted: readonly KubeObject[],
  live: readonly KubeObject[],
): readonly KubeObject[] {
  const names = new Set(wanted.map(identity));
  return live.filter(
    (object) => object.metadata.deletionTimestamp !== undefined && names.has(identity(object)),
  );
}

/** Wanted objects that exist already: the ones for the dry run. */
export function existing(wanted: readonly KubeObject[], live: readonly KubeObject[]): readonly KubeObject[] {
  const there = new Set(live.map(identity));
  return wanted.filter((object) => there.has(identity(object)));
}

/**
 * @param wanted the rendered objects, in the order of their files.
 * @param live objects of the cluster with the inventory label.
 * @param answers results of a server-side dry run of the objects that exist, after adaptation.
 * @param occupied namespaces that hold a volume claim.
 */
export function planApply(
  wanted: readonly KubeObject[],
  live: readonly KubeObject[],
  { merged, refused }: Answers,
  occupied: ReadonlySet<string>,
  adapted: Adapted = UNADAPTED,
): Plan {
  const before = new Map(live.map((object) => [identity(object), object]));
  const after = new Map(merged.map((object) => [identity(object), object]));
  const recreated = refused
    .filter(({ object, reason }) => immutable(object, reason))
    .map(({ object }) => object);
  const left = refused.filter(({ object }) => !recreated.includes(object));
  const stuck = new Set(left.map(({ object }) => object));
  const differs = (object: KubeObject): boolean =>
    adapted.handedOver.has(object) ||
    !isDeepStrictEqual(content(before.get(identity(object))), content(after.get(identity(object))));
  const there = existing(wanted, live).filter((object) => !stuck.has(object));
  return {
    created: wanted.filter((object) => !before.has(identity(object))),
    changed: there.filter(differs),
    unchanged: there.filter((object) => !differs(object)),
    pruned: prunable(wanted, live, occupied),
    recreated,
    refused: left,
    adapted,
    live: before,
  };
}

const UNADAPTED: Adapted = { sent: new Map(), handedOver: new Set(), notes: [] };

/** Most fields of a StatefulSet are immutable. It is deleted without its pods, and the new one adopts them. */
const immutable = ({ kind }: KubeObject, reason: string): boolean =>
  kind === 'StatefulSet' && /updates to statefulset spec .* are forbidden/.test(reason);

/** @throws Failure naming the objects the API server refuses. Nothing has changed at that point. */
export function checkAccepted({ refused }: Plan): void {
  const [first] = refused;
  if (!first) return;
  const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
  throw new Failure(
    `the cluster refuses ${title(first.object)}${more}: ${first.reason}`,
    first.object.kind === 'PersistentVolumeClaim'
      ? 'set its size back, or move to a larger volume as docs/operations.md says under "Volumes"'
      : 'nothing was changed; see ./platform diff',
    refused.map(({ object, reason }) => `${title(object)}: ${reason}`),
  );
}

/**
 * Objects with the inventory label that are no longer rendered, dependents first. Kubernetes deletes owned
 * objects with their owner. Volumes stay.
 */
function prunable(
  wanted: readonly KubeObject[],
  live: readonly KubeObject[],
  occupied: ReadonlySet<string>,
): readonly KubeObject[] {
  const kept = new Set(wanted.map(identity));
  return live
    .filter((object) => !kept.has(identity(object)))
    .filter(({ metadata }) => (metadata.ownerReferences ?? []).length === 0)
    .filter(({ kind }) => !KEPT_KINDS.includes(kind))
    .filter(({ kind, metadata }) => kind !== 'Namespace' || !occupied.has(metadata.name))
    .toSorted((a, b) => Number(a.kind === 'Namespace') - Number(b.kind === 'Namespace'));
}

/** An object without the fields the cluster writes. */
function content(object: KubeObject | undefined): unknown {
  if (!object) return undefined;
  const { status: _status, metadata, ...rest } = object;
  const {
    resourceVersion: _version,
    generation: _generation,
    managedFields: _fields,
    annotations = {},
    ...own
  } = metadata;
  const { [LAST_APPLIED]: _last, ...kept } = annotations;
  return { ...rest, metadata: { ...own, annotations: kept } };
}

/** The object to send for a wanted object. */
export const sentOf = (plan: Plan, object: KubeObject): KubeObject => plan.adapted.sent.get(object) ?? object;

export const changes = (plan: Plan): number => plan.created.length + plan.changed.length + plan.pruned.length;

/** `12 objects changed (10 created, 1 changed, 1 pruned), 99 unchanged`; a plan without changes counts 0. */
export function summary(plan: Plan): string {
  const total = changes(plan);
  const parts = [
    `${plan.created.length} created`,
    `${plan.changed.length} updated`,
    `${plan.pruned.length} pruned`,
  ].join(', ');
  const refused = plan.refused.length > 0 ? `, ${plan.refused.length} refused` : '';
  return `${total} object${total === 1 ? '' : 's'} changed (${parts}), ${plan.unchanged.length} unchanged${refused}`;
}
