/** The pods of components, as they are. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, livePod } from '../core/components.ts';
import type { Target } from './target.ts';

/** Pods of the namespaces the components live in. */
export async function podsAround(
  { kubectl, config }: Pick<Target, 'kubectl' | 'config'>,
  components: readonly Component[],
): Promise<readonly LivePod[]> {
  const namespaces = [...new Set(components.map(({ zone }) => namespaceOf(config, zone)))];
  const found = await Promise.all(
    namespaces.map((namespace) => kubectl.objects(livePod, ['get', 'pods', `--namespace=${namespace}`])),
  );
  return found.flat();
}
