/** Streams the body of a request to a service, and enforces its limits of size and time. */
import type { Exchange } from './exchange.ts';
import { Problem } from './problems.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutSeconds: number;
  readonly uploadSeconds: number;
}

/** Only an attacker that wants to hold a connection sends more slowly than this on average. */
const SLOWEST_BYTES_PER_SECOND = 100;
const LENGTH = /^\d{1,15}$/;

export type BodyState = 'intact' | 'too-large' | 'too-slow' | 'broken';

export class RequestBody {
  /** Bytes announced; undefined for a chunked body. */
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

  /** The whole body has arrived at the gateway. */
  get hasArrived(): boolean {
    return this.isEmpty || this.exchange.client.hasWholeBody;
  }

  get state(): BodyState {
    return this.#state;
  }

  /** Milliseconds that the body may take: the deadline, extended while bytes keep coming, up to `uploadSeconds`. */
  limitMs(deadlineMs: number): number {
    const earned = deadlineMs + (this.#received / SLOWEST_BYTES_PER_SECOND) * 1000;
    return Math.max(deadlineMs, Math.min(earned, this.limits.uploadSeconds * 1000));
  }

  /** False once reading has begun: the gateway does not keep the bytes. */
  get mayBeSentAgain(): boolean {
    return !this.#begun;
  }

  /** The next bytes, null at the end; rejects when the body is too large or pauses for too long. */
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

  /** Fails for a body shorter than announced: the service would take the next request for the rest of the body. */
  #end(): null {
    if (this.#received === (this.length ?? this.#received)) return null;
    throw new Error('the body is shorter than announced');
  }

  /** Stops reading the body; `state` says why. */
  giveUp(state: BodyState): void {
    if (this.#state !== 'intact') return;
    this.#state = state;
    this.#stopReading?.(new Error('the body was given up'));
  }

  /** The problem document for a body that was given up; undefined when the client itself gave it up. */
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

/** The content of a GET or HEAD has no meaning, so the gateway does not pass it on. */
function mayHaveContent({ method, headers }: Exchange): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers.has('content-length') || headers.has('transfer-encoding');
}
