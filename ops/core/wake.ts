/** A cluster whose nodes were stopped: which of its pods have not begun again. */
import type { LivePod } from './components.ts';

/** Kubernetes writes times in whole seconds. */
const PRECISION_MS = 1000;

/**
 * Names of the pods with a container that has not started since its node did. Until the kubelet has looked at a pod, the
 * cluster still says of it what was true before the node stopped, such as that it is ready.
 *
 * @param nodes when each node was started last.
 */
export const asleep = (pods: readonly LivePod[], nodes: ReadonlyMap<string, string>): readonly string[] =>
  pods
    .filter(({ status: { phase } }) => phase === 'Running' || phase === 'Pending')
    .filter(({ spec, status: { containerStatuses } }) => {
      const since = Date.parse(nodes.get(spec.nodeName) ?? '');
      return (
        containerStatuses.length < spec.containers.length ||
        containerStatuses.some(
          ({ state }) => !(Date.parse(state.running?.startedAt ?? '') + PRECISION_MS > since),
        )
      );
    })
    .map(({ metadata }) => metadata.name);
