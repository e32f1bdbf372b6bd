/** What an apply would do, from what is wanted, what is there, and what the API server would make of it. */
import { isDeepStrictEqual } from 'node:util';
import { KEPT_KINDS } from './inventory.ts';
import { identity, type KubeObject } from './objects.ts';

export interface Plan {
  readonly created: readonly KubeObject[];
  readonly changed: readonly KubeObject[];
  readonly unchanged: readonly KubeObject[];
  readonly pruned: readonly KubeObject[];
}

/** Objects that are wanted and there already: the ones to ask the API server about. */
export function existing(wanted: readonly KubeObject[], live: readonly KubeObject[]): readonly KubeObject[] {
  const there = new Set(live.map(identity));
  return wanted.filter((object) => there.has(identity(object)));
}

/**
 * @param wanted the rendered objects, in the order of their files.
 * @param live objects of the cluster with the inventory label.
 * @param merged what a server-side dry run of the existing ones answered.
 * @param occupied namespaces that hold a volume claim.
 */
export function planApply(
  wanted: readonly KubeObject[],
  live: readonly KubeObject[],
  merged: readonly KubeObject[],
  occupied: ReadonlySet<string>,
): Plan {
  const before = new Map(live.map((object) => [identity(object), object]));
  const after = new Map(merged.map((object) => [identity(object), object]));
  const differs = (object: KubeObject): boolean =>
    !isDeepStrictEqual(content(before.get(identity(object))), content(after.get(identity(object))));
  const there = existing(wanted, live);
  return {
    created: wanted.filter((object) => !before.has(identity(object))),
    changed: there.filter(differs),
    unchanged: there.filter((object) => !differs(object)),
    pruned: prunable(wanted, live, occupied),
  };
}

/** Labelled objects nobody renders any more, least basic first. What has an owner goes with it; data stays. */
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

/** An object without what the cluster writes into it. */
function content(object: KubeObject | undefined): unknown {
  if (!object) return undefined;
  const { status: _status, metadata, ...rest } = object;
  const { resourceVersion: _version, generation: _generation, managedFields: _fields, ...own } = metadata;
  return { ...rest, metadata: own };
}

export const changes = (plan: Plan): number => plan.created.length + plan.changed.length + plan.pruned.length;

/** `12 objects changed (10 created, 1 changed, 1 pruned), 99 unchanged`; a plan without changes counts 0. */
export function summary(plan: Plan): string {
  const total = changes(plan);
  const parts = [
    `${plan.created.length} created`,
    `${plan.changed.length} updated`,
    `${plan.pruned.length} pruned`,
  ].join(', ');
  return `${total} object${total === 1 ? '' : 's'} changed (${parts}), ${plan.unchanged.length} unchanged`;
}
