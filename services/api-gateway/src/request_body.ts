/** The body of a request on its way to a service: passed on while it comes, counted and timed. */
import type { Exchange } from './exchange.ts';
import { Problem } from './problems.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutSeconds: number;
  readonly uploadSeconds: number;
}

/** What brings less on average is not an upload but a way to keep a place. */
const SLOWEST_BYTES_PER_SECOND = 100;
const LENGTH = /^\d{1,15}$/;

export type BodyState = 'intact' | 'too-large' | 'too-slow' | 'broken';

export class RequestBody {
  /** Bytes announced; undefined for a body that is sent in chunks. */
  readonly length?: number;
  readonly isEmpty: boolean;
  #state: BodyState = 'intact';
  #begun = false;
  #received = 0;
  #stopReading?: (reason: Error) => void;
  readonly #stopped?: Promise<never>;

  constructor(private readonly exchange: Exchange, private readonly limits: BodyLimits) {
    if ((exchange.headers.get('transfer-encoding') ?? 'chunked').toLowerCase() !== 'chunked') {
      throw new Problem(400, 'Transfer-Encoding can only be chunked.');
    }
    const length = announcedLength(exchange);
    if ((length ?? 0) > limits.maxBodyBytes) throw this.#tooLarge();
    this.isEmpty = !mayHaveContent(exchange) || length === 0;
    if (this.isEmpty) return;
    this.length = length;
    this.#stopped = new Promise((_, reject) => this.#stopReading = reject);
    this.#stopped.catch(() => undefined);
  }

  /** Nothing of it is still on its way here. */
  get hasArrived(): boolean {
    return this.isEmpty || this.exchange.client.hasWholeBody;
  }

  get state(): BodyState {
    return this.#state;
  }

  /** How long it may take: longer than others when it keeps coming, be it on the slowest of lines. */
  limitMs(deadlineMs: number): number {
    const earned = deadlineMs + (this.#received / SLOWEST_BYTES_PER_SECOND) * 1000;
    return Math.max(deadlineMs, Math.min(earned, this.limits.uploadSeconds * 1000));
  }

  /** A body that was begun cannot be sent a second time. */
  get mayBeSentAgain(): boolean {
    return !this.#begun;
  }

  /** The next bytes, null at the end; fails when there are too many of them, or none for too long. */
  async read(): Promise<Uint8Array | null> {
    this.#begun = true;
    const timer = setTimeout(() => this.giveUp('too-slow'), this.limits.bodyTimeoutSeconds * 1000);
    try {
      const chunk = await Promise.race([this.exchange.client.read(), this.#stopped]);
      if (!chunk) return this.#end();
      this.#received += chunk.byteLength;
      if (this.#received <= this.limits.maxBodyBytes) return chunk;
      this.giveUp('too-large');
      throw new Error('the body is too large');
    } catch (error) {
      this.giveUp('broken');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A service that was promised more must not take the next request for the rest. */
  #end(): null {
    if (this.#received === (this.length ?? this.#received)) return null;
    throw new Error('the body is shorter than announced');
  }

  /** No more of it is wanted, or will come. */
  giveUp(state: BodyState): void {
    if (this.#state !== 'intact') return;
    this.#state = state;
    this.#stopReading?.(new Error('the body was given up'));
  }

  /** What the client is told of a body that was given up; undefined when the client gave it up itself. */
  problem(): Problem | undefined {
    if (this.#state === 'too-large') return this.#tooLarge();
    if (this.#state === 'too-slow') {
      return new Problem(408, 'The request body did not come in time.', { Connection: 'close' });
    }
    return undefined;
  }

  #tooLarge(): Problem {
    const { maxBodyBytes } = this.limits;
    return new Problem(413, `The request body is larger than ${maxBodyBytes} bytes.`, {
      Connection: 'close',
    });
  }
}

function announcedLength({ headers }: Exchange): number | undefined {
  const text = headers.get('content-length');
  if (text === undefined) return undefined;
  if (!LENGTH.test(text)) throw new Problem(400, 'Content-Length is not a number of bytes.');
  return Number(text);
}

/** What a GET or HEAD sends along has no meaning, and stays with the gateway. */
function mayHaveContent({ method, headers }: Exchange): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers.has('content-length') || headers.has('transfer-encoding');
}
