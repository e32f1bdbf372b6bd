/** Applies a plan: namespaces, what must be in them first, everything else, and what nobody renders any more. */
import type { Plan } from '../core/plan.ts';
import type { Target } from './target.ts';

/** @param prepare runs when the namespaces exist and before anything runs in them. */
export async function applyPlan(
  { kubectl, wanted }: Target,
  plan: Plan,
  prepare: () => Promise<void>,
): Promise<void> {
  const due = new Set([...plan.created, ...plan.changed]);
  const [namespaces, others] = [true, false].map((first) =>
    wanted.filter((object) => due.has(object) && (object.kind === 'Namespace') === first),
  );
  await kubectl.apply(namespaces ?? []);
  await prepare();
  await kubectl.apply(others ?? []);
  await kubectl.remove(plan.pruned);
}
