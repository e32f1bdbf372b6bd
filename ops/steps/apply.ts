/** Applies a plan: namespaces, their prerequisites, all else; then deletes objects no longer rendered. */
import { MEMORY_MANAGER, memoryOf, REPLICAS_MANAGER, replicasOnly } from '../core/adapt.ts';
import { identity, type KubeObject } from '../core/objects.ts';
import { type Plan, sentOf } from '../core/plan.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import type { Target } from './target.ts';

/** @param prepare runs when the namespaces exist, before any workload does. */
export async function applyPlan(
  { kubectl, wanted }: Target,
  plan: Plan,
  prepare: () => Promise<void>,
): Promise<void> {
  const due = dueOf(plan, wanted);
  await applyDue(
    kubectl,
    plan,
    due.filter(({ kind }) => kind === 'Namespace'),
  );
  await prepare();
  await applyDue(
    kubectl,
    plan,
    due.filter(({ kind }) => kind !== 'Namespace'),
  );
  await kubectl.remove(plan.pruned);
}

/** The objects of a plan to apply, in the order of its files. */
export function dueOf(plan: Plan, wanted: readonly KubeObject[]): readonly KubeObject[] {
  const due = new Set([...plan.created, ...plan.changed]);
  return wanted.filter((object) => due.has(object));
}

/**
 * Applies objects of a plan. Before a workload is handed to its autoscaler, another field manager takes over
 * `replicas`: without an owner the field would become 1.
 */
export async function applyDue(kubectl: Kubectl, plan: Plan, due: readonly KubeObject[]): Promise<void> {
  await kubectl.release(due.filter((object) => plan.recreated.includes(object)));
  await kubectl.apply(due.map((object) => sentOf(plan, object)));
  const handedOver = due.filter((object) => plan.adapted.handedOver.has(object));
  await kubectl.share(
    handedOver.map((object) => replicasOnly(sentOf(plan, object))),
    REPLICAS_MANAGER,
  );
  await kubectl.apply(handedOver);
  await kubectl.share(
    due.flatMap((object) => memoryOf(object, plan.live.get(identity(object))) ?? []),
    MEMORY_MANAGER,
  );
}
