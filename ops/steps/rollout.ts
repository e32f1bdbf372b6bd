/** Waits until every workload runs its newest version, and says why when one does not. */
import { Failure } from '../core/failure.ts';
import { event, explain, pod, progressOf, type Workload, workload } from '../core/workloads.ts';
import { pause } from '../tools/interrupt.ts';
import type { Target } from './target.ts';

const PAUSE_MS = 1000;

/** @param report is told what is still missing, each time that changes. */
export async function waitForRollout(
  { kubectl, config }: Target,
  timeoutSeconds: number,
  report: (line: string) => void,
): Promise<number> {
  let last = '';
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const workloads = await kubectl.workloads(workload, config.environment);
    const waiting = workloads.filter((one) => !progressOf(one).done);
    if (waiting.length === 0) return workloads.length;
    const state = `${workloads.length - waiting.length} of ${workloads.length} ready, waiting for ${names(waiting)}`;
    if (state !== last) report(state);
    last = state;
    if (Date.now() > deadline)
      throw new Failure(
        `${waiting.length} of ${workloads.length} workloads not ready after ${timeoutSeconds} s: ${names(waiting)}`,
        'see ./platform status, or give more time with --timeout',
        await reasons({ kubectl, config }, waiting),
      );
    await pause(PAUSE_MS);
  }
}

const names = (workloads: readonly Workload[]): string =>
  workloads.map(({ metadata }) => metadata.name).join(', ');

async function reasons(
  { kubectl, config }: Pick<Target, 'kubectl' | 'config'>,
  waiting: readonly Workload[],
): Promise<readonly string[]> {
  const [pods, events] = await Promise.all([
    kubectl.pods(pod, config.environment),
    kubectl.objects(event, ['get', 'events', '--all-namespaces']),
  ]);
  return waiting.flatMap((one) => explain(one, pods, events));
}
