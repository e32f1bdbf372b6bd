/** One call on its way to a service: its connection, its clock and what cut it short. */
import type { Clock, Timed } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Exchange, Header } from './exchange.ts';
import { AnswerBody, type Connection, ConnectionLost, type Head, requestHead } from './http1.ts';
import type { RequestBody } from './request_body.ts';
import { type End, streamOf } from './streams.ts';

/** Most calls are over by then, and need not know that their client may leave. */
const LOOK_FOR_CLIENT_MS = 50;
const encoder = new TextEncoder();

export interface Call {
  readonly exchange: Exchange;
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: RequestBody;
  /** Until the answer begins, and until it is complete; both from the end of the request's body. */
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  /** An answer that streams may pause for so long. */
  readonly idleMs: number;
}

export interface Answer {
  readonly head: Head;
  /** Whole when it is small, else a stream. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
}

export class Attempt implements Timed {
  place?: number;
  cutShort?: 'client' | 'timeout';
  #endpoint?: Endpoint;
  #connection?: Connection;
  #stage: 'new' | 'head' | 'body' = 'new';
  #isUploading = false;
  readonly #started = performance.now();
  /** When the request was sent completely. */
  #sentAt = this.#started;
  /** When the part of the answer that is being waited for must come; it streams. */
  #nextPartDue = Infinity;
  readonly #headers: Header[];

  constructor(private readonly call: Call, host: Header, private readonly clock: Clock) {
    const { body, headers } = call;
    this.#headers = [host, ...headers];
    if (body.length !== undefined) this.#headers.push(['content-length', String(body.length)]);
    else if (!body.isEmpty) this.#headers.push(['transfer-encoding', 'chunked']);
    clock.add(this);
  }

  get isCutShort(): boolean {
    return this.cutShort !== undefined || this.call.body.state !== 'intact';
  }

  /** Sends the request to an endpoint and waits for the head of the answer. */
  async on(endpoint: Endpoint): Promise<Head> {
    const { exchange, target, body } = this.call;
    this.#endpoint = endpoint;
    endpoint.inFlight += 1;
    const connection = this.#connection = endpoint.take() ?? await endpoint.connect();
    if (this.isCutShort) throw new ConnectionLost(true);
    const head = requestHead(exchange.method, target, this.#headers);
    const sent = connection.write(head).then(() => true, () => false);
    // A head that cannot be sent shows in the answer that does not come.
    if (!body.isEmpty && await sent) void this.#upload(connection);
    return await connection.readHead(exchange.method);
  }

  /** The body of the answer: small ones whole, others as a stream that gives everything back at its end. */
  async body(head: Head, onEnd: (end: End) => void): Promise<Answer['body']> {
    if (!this.#connection) throw new ConnectionLost(false);
    const body = new AnswerBody(this.#connection, head.framing);
    const whole = body.isDone ? null : await body.whole();
    if (whole !== undefined) {
      this.#release(head);
      return whole;
    }
    this.#stage = 'body';
    return streamOf({
      read: () => this.#readInTime(body),
      ended: (end) => {
        if (end === 'complete') this.#release(head);
        else this.abandon();
        onEnd(end === 'complete' || !this.cutShort ? end : this.cutShort === 'client' ? 'cancelled' : 'late');
      },
    });
  }

  /** Ends the call wherever it is. */
  abandon(): void {
    this.clock.remove(this);
    this.abandonConnection();
    if (this.#isUploading) this.call.body.giveUp('broken');
  }

  abandonConnection(): void {
    if (this.#endpoint) this.#endpoint.inFlight -= 1;
    this.#connection?.close();
    this.#endpoint = this.#connection = undefined;
  }

  /** The answer is complete: its connection may serve the next call. */
  #release({ keepAlive }: Head): void {
    const [endpoint, connection] = [this.#endpoint, this.#connection];
    if (!endpoint || !connection || !keepAlive || this.#isUploading) return this.abandon();
    this.clock.remove(this);
    this.#endpoint = this.#connection = undefined;
    endpoint.inFlight -= 1;
    endpoint.keep(connection);
  }

  async #upload(connection: Connection): Promise<void> {
    const { body } = this.call;
    this.#isUploading = true;
    try {
      for (let chunk = await body.read(); chunk; chunk = await body.read()) {
        if (chunk.length > 0) await connection.write(body.length === undefined ? framed(chunk) : chunk);
      }
      if (body.length === undefined) await connection.write(encoder.encode('0\r\n\r\n'));
      this.#isUploading = false;
      this.#sentAt = performance.now();
    } catch {
      // A body that breaks ends the call. A service that stops listening may have answered: then its answer counts.
      if (body.state !== 'intact') connection.close();
    }
  }

  /** Some of the answer, in the time that it may pause. */
  async #readInTime(body: AnswerBody): Promise<Uint8Array | null> {
    this.#nextPartDue = performance.now() + this.call.idleMs;
    try {
      return await body.read();
    } finally {
      this.#nextPartDue = Infinity;
    }
  }

  #cut(reason: 'client' | 'timeout'): void {
    if (reason === 'timeout' && this.#isUploading && this.#stage !== 'body') {
      this.call.body.giveUp('too-slow');
    }
    this.cutShort ??= reason;
    this.#connection?.close();
    this.clock.remove(this);
  }

  get due(): number {
    const { timeoutMs, deadlineMs } = this.call;
    if (this.#stage === 'new') return this.#started + Math.min(LOOK_FOR_CLIENT_MS, timeoutMs);
    if (this.#isUploading) return this.#started + deadlineMs;
    if (this.#stage === 'head') return this.#sentAt + timeoutMs;
    return Math.min(this.#sentAt + deadlineMs, this.#nextPartDue);
  }

  expire(): void {
    if (this.#stage === 'new') this.#lookForClient();
    if (this.due <= performance.now()) this.#cut('timeout');
  }

  #lookForClient(): void {
    this.#stage = 'head';
    const { signal } = this.call.exchange.request;
    signal.addEventListener('abort', () => this.#cut('client'), { once: true });
    if (signal.aborted) this.#cut('client');
  }
}

/** A chunk with its size before it. */
function framed(chunk: Uint8Array): Uint8Array {
  const size = encoder.encode(`${chunk.length.toString(16)}\r\n`);
  const bytes = new Uint8Array(size.length + chunk.length + 2);
  bytes.set(size);
  bytes.set(chunk, size.length);
  bytes.set([13, 10], size.length + chunk.length);
  return bytes;
}
