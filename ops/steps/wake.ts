/** Waits until every pod has begun again after its node did. */
import { livePod } from '../core/components.ts';
import { Failure } from '../core/failure.ts';
import { asleep } from '../core/wake.ts';
import { pause } from '../tools/interrupt.ts';
import type { Target } from './target.ts';

/** @param nodes when each node was started last. */
export async function waitUntilAwake(
  { kubectl, config }: Pick<Target, 'kubectl' | 'config'>,
  nodes: ReadonlyMap<string, string>,
  timeoutSeconds: number,
  report: (line: string) => void,
): Promise<void> {
  let last = '';
  for (const deadline = Date.now() + timeoutSeconds * 1000; ; await pause(500)) {
    const waiting = asleep(await kubectl.pods(livePod, config.environment), nodes);
    if (waiting.length === 0) return;
    if (Date.now() > deadline)
      throw new Failure(
        `start: ${waiting.join(', ')} did not begin again in ${timeoutSeconds} s`,
        'see ./platform status',
      );
    const state = `waiting for ${waiting.join(', ')} to begin again`;
    if (state !== last) report(state);
    last = state;
  }
}
