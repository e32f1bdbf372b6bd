/** Waits until every workload runs its newest version, and says why when one does not. */
import { Failure } from '../core/failure.ts';
import { absent } from '../core/status.ts';
import {
  event,
  explain,
  hopeless,
  pod,
  podsOf,
  progressOf,
  type Workload,
  workload,
} from '../core/workloads.ts';
import { pause } from '../tools/interrupt.ts';
import type { Target } from './target.ts';

const PAUSE_MS = 1000;

type Place = Pick<Target, 'kubectl' | 'config' | 'topology'>;
type Cluster = Pick<Target, 'kubectl' | 'config'>;

/**
 * Returns how many workloads are ready.
 *
 * @param report is told what is still missing, each time that changes.
 * @param before ids of the pods there were: with it, a new pod that cannot become ready ends the waiting at once.
 * @throws Failure that says why, pod by pod.
 */
export async function waitForRollout(
  { kubectl, config, topology }: Place,
  timeoutSeconds: number,
  report: (line: string) => void,
  before?: ReadonlySet<string>,
): Promise<number> {
  let last = '';
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const workloads = await kubectl.workloads(workload, config.environment);
    const waiting = workloads.filter((one) => !progressOf(one).done);
    const missing = absent(config, topology, workloads);
    if (waiting.length + missing.length === 0) return workloads.length;
    const total = workloads.length + missing.length;
    const late = [...waiting.map(({ metadata }) => metadata.name), ...missing];
    const state = `${total - late.length} of ${total} ready, waiting for ${late.join(', ')}`;
    if (state !== last) report(state);
    last = state;
    if (Date.now() > deadline)
      throw new Failure(
        `${late.length} of ${total} workloads not ready after ${timeoutSeconds} s: ${late.join(', ')}`,
        'see ./platform status, or give more time with --timeout',
        [...(await reasons({ kubectl, config }, waiting)), ...missing.map((name) => `${name}: not deployed`)],
      );
    if (before) await giveUp({ kubectl, config }, waiting, before);
    await pause(PAUSE_MS);
  }
}

/** Ids of the pods there are. */
export async function podIds({ kubectl, config }: Cluster): Promise<ReadonlySet<string>> {
  return new Set((await kubectl.pods(pod, config.environment)).map(({ metadata }) => metadata.uid));
}

async function giveUp(
  place: Cluster,
  waiting: readonly Workload[],
  before: ReadonlySet<string>,
): Promise<void> {
  const pods = await place.kubectl.pods(pod, place.config.environment);
  const own = waiting.flatMap((one) => podsOf(one, pods)).filter(({ metadata }) => !before.has(metadata.uid));
  const [reason] = own.flatMap((one) => hopeless(one, new Date()) ?? []);
  if (reason)
    throw new Failure(`a new pod does not start: ${reason}`, undefined, await reasons(place, waiting));
}

async function reasons(
  { kubectl, config }: Cluster,
  waiting: readonly Workload[],
): Promise<readonly string[]> {
  const [pods, events] = await Promise.all([
    kubectl.pods(pod, config.environment),
    kubectl.objects(event, ['get', 'events', '--all-namespaces']),
  ]);
  return waiting.flatMap((one) => explain(one, pods, events));
}
