/** The body of a request on its way to a service: passed on while it comes, counted and timed. */
import type { Exchange } from './exchange.ts';
import { Problem } from './problems.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutSeconds: number;
}

export type BodyState = 'intact' | 'too-large' | 'too-slow' | 'broken';

export class RequestBody {
  /** Bytes announced; undefined for a body that is sent in chunks. */
  readonly length?: number;
  readonly isEmpty: boolean;
  #state: BodyState = 'intact';
  #begun = false;
  #received = 0;
  #reader?: ReadableStreamDefaultReader<Uint8Array>;

  constructor(private readonly exchange: Exchange, private readonly limits: BodyLimits) {
    const length = exchange.headers.get('content-length');
    if (Number(length ?? 0) > limits.maxBodyBytes) throw this.#tooLarge();
    this.isEmpty = !mayHaveContent(exchange) || length === '0';
    if (length !== undefined && !this.isEmpty) this.length = Number(length);
  }

  get state(): BodyState {
    return this.#state;
  }

  /** A body that was begun cannot be sent a second time. */
  get mayBeSentAgain(): boolean {
    return !this.#begun;
  }

  /** The next bytes, null at the end; fails when there are too many of them, or none for too long. */
  async read(): Promise<Uint8Array | null> {
    this.#begun = true;
    this.#reader ??= this.exchange.request.body?.getReader();
    const timer = setTimeout(() => this.giveUp('too-slow'), this.limits.bodyTimeoutSeconds * 1000);
    try {
      const chunk = await this.#reader?.read();
      if (this.#state !== 'intact') throw new Error('the body was given up');
      if (!chunk || chunk.done) return this.#end();
      this.#received += chunk.value.byteLength;
      if (this.#received <= this.limits.maxBodyBytes) return chunk.value;
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
    if (this.#state === 'intact') this.#state = state;
    // What the client still sends goes nowhere; a body that broke has nothing to cancel.
    this.#reader?.cancel().catch(() => undefined);
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

/** The server gives GET and HEAD no body, whatever they announce. HTTP/2 announces a body in no header. */
function mayHaveContent({ method, headers, request }: Exchange): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  if (headers.has('content-length') || headers.has('transfer-encoding')) return true;
  return ['POST', 'PUT', 'PATCH'].includes(method) && request.body !== null;
}
