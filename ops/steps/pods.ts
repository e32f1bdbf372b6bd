/** The pods of components, as they are. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, livePod, runningPod } from '../core/components.ts';
import type { Forward } from '../tools/forward.ts';
import type { Kubectl } from '../tools/kubectl.ts';
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

/** A pod of the component that runs, a ready one when there is one. @throws Failure when none does. */
export const runningPodOf = async (
  place: Pick<Target, 'kubectl' | 'config'>,
  component: Component,
): Promise<LivePod> => runningPod(place.config, component, await podsAround(place, [component]));

/** What is forwarded to reach a port of that pod. */
export const portOfPod = (
  { context }: Kubectl,
  { metadata: { name, namespace } }: LivePod,
  port: number,
): Forward => ({ context, namespace, resource: `pod/${name}`, port });
