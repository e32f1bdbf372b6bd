/** Waits until every workload runs its newest version, and says why when one does not. */
import { Failure } from '../core/failure.ts';
import { absent } from '../core/status.ts';
import { event, explain, pod, progressOf, type Workload, workload } from '../core/workloads.ts';
import { pause } from '../tools/interrupt.ts';
import type { Target } from './target.ts';

const PAUSE_MS = 1000;

/** @param report is told what is still missing, each time that changes. */
export async function waitForRollout(
  { kubectl, config, topology }: Target,
  timeoutSeconds: number,
  report: (line: string) => void,
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
    await pause(PAUSE_MS);
  }
}

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
