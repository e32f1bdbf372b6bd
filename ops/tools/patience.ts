/** An API server that is away for a moment: what may be asked again is asked again. */
import { messageOf } from '../core/failure.ts';
import { pause } from './interrupt.ts';

/** How kubectl says that it did not reach the server, as against what the server answered. */
const AWAY =
  /TLS handshake timeout|connection refused|connection reset|unable to connect|i\/o timeout|connection lost|unexpected EOF|deadline exceeded/i;
const PAUSE_MS = 2000;

/**
 * Asks again while the server is away, for `seconds` at most, then throws the last failure. For questions, and for orders
 * that may be given twice. Ctrl-C ends the waiting, not an order.
 */
export async function patiently<T>(seconds: number, ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!AWAY.test(messageOf(error)) || Date.now() > deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}
