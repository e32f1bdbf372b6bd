/** Waiting for a condition, and retrying while the API server is unreachable. */
import { messageOf } from '../core/failure.ts';
import { pause } from './interrupt.ts';

interface Wait {
  readonly seconds: number;
  /** Milliseconds between two looks. */
  readonly pauseMs: number;
}

/**
 * Calls `look` until it returns a value. Ctrl-C ends the wait.
 *
 * @param look returns undefined to be called again; once `late()` is true, throws a Failure that says what is
 * missing.
 */
export async function until<T>(
  { seconds, pauseMs }: Wait,
  look: (late: () => boolean) => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  const late = (): boolean => Date.now() >= deadline;
  for (;;) {
    const found = await look(late);
    if (found !== undefined) return found;
    await pause(pauseMs);
  }
}

/** kubectl's messages when it cannot reach the API server. */
const UNREACHABLE =
  /TLS handshake timeout|connection refused|connection reset|unable to connect|i\/o timeout|connection lost|unexpected EOF|deadline exceeded/i;
const PAUSE_MS = 2000;

/**
 * Retries `ask` while the API server is unreachable, for `seconds` at most, then throws the last failure.
 * `ask` must be safe to repeat. Ctrl-C ends the wait, not a running request.
 */
export async function patiently<T>(seconds: number, ask: () => Promise<T>): Promise<T> {
  const { answer } = await until({ seconds, pauseMs: PAUSE_MS }, async (late) => {
    try {
      return { answer: await ask() };
    } catch (error) {
      if (!UNREACHABLE.test(messageOf(error)) || late()) throw error;
      return undefined;
    }
  });
  return answer;
}
