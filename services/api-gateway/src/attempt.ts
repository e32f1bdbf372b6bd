/** One attempt to call a service: its connection, its time limits and why it ended early. */
import type { Clock, Timed } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Exchange, Header, Reply } from './exchange.ts';
import { AnswerBody, type Connection, ConnectionLost, type Head, requestHead } from './http1.ts';
import type { RequestBody } from './request_body.ts';
import type { End, Source } from './streams.ts';

/** Most calls end earlier, and so never pay for watching whether the client leaves. */
const LOOK_FOR_CLIENT_MS = 50;
const encoder = new TextEncoder();

export interface Call {
  readonly exchange: Exchange;
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: RequestBody;
  /** Time until the answer begins, and until it is complete; both count from the end of the request's body. */
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  /** Longest pause of an answer that streams, in milliseconds. */
  readonly idleMs: number;
}

export interface Answer {
  readonly head: Head;
  /** Absent, complete, or a stream. */
  readonly body: Reply['body'];
}

export class Attempt implements Timed {
  place?: number;
  cutShort?: 'client' | 'timeout';
  #endpoint?: Endpoint;
  #connection?: Connection;
  #stage: 'new' | 'head' | 'body' | 'over' = 'new';
  #isUploading = false;
  readonly #started = performance.now();
  /** When the request was sent completely. */
  #sentAt = this.#started;
  /** When the next part of a streamed answer is due. */
  #nextPartDue = Infinity;
  readonly #head: string;

  constructor(private readonly call: Call, host: string, private readonly clock: Clock) {
    const { exchange, target, headers, body } = call;
    const all: Header[] = [['host', host], ...headers];
    if (body.length !== undefined) all.push(['content-length', String(body.length)]);
    else if (!body.isEmpty) all.push(['transfer-encoding', 'chunked']);
    this.#head = requestHead(exchange.method, target, all);
    clock.add(this);
  }

  get isCutShort(): boolean {
    return this.cutShort !== undefined || this.call.body.state !== 'intact';
  }

  /** Sends the request to an endpoint and waits for the head of the answer. */
  on(endpoint: Endpoint): Promise<Head> {
    this.#endpoint = endpoint;
    endpoint.inFlight += 1;
    const pooled = endpoint.take(this.#started);
    return pooled ? this.#send(pooled) : endpoint.connect().then((connection) => this.#send(connection));
  }

  #send(connection: Connection): Promise<Head> {
    const { exchange, body } = this.call;
    this.#connection = connection;
    if (this.isCutShort) return Promise.reject(new ConnectionLost(true));
    // When the head cannot be sent, no answer comes, and reading the answer reports the failure.
    const sent = connection.writeHead(this.#head).then(yes, no);
    return body.isEmpty ? connection.readHead(exchange.method) : this.#sendBody(connection, sent);
  }

  async #sendBody(connection: Connection, headIsSent: Promise<boolean>): Promise<Head> {
    if (await headIsSent) void this.#upload(connection);
    return await connection.readHead(this.call.exchange.method);
  }

  /** The answer: a small body whole, a larger one as a stream that releases the connection at its end. */
  async answer(head: Head, onEnd: (end: End) => void): Promise<Answer> {
    if (!this.#connection) throw new ConnectionLost(false);
    const { framing } = head;
    if (framing === 0) {
      this.#release(head);
      return { head, body: null };
    }
    const body = new AnswerBody(this.#connection, framing);
    const reading = body.whole();
    if (reading) {
      // The next call on this connection overwrites its buffer.
      const whole = (reading instanceof Promise ? await reading : reading).slice();
      this.#release(head);
      return { head, body: whole };
    }
    this.#stage = 'body';
    return { head, body: this.#stream(head, body, onEnd) };
  }

  #stream(head: Head, body: AnswerBody, onEnd: (end: End) => void): Source {
    return {
      read: () => this.#readInTime(body),
      ended: (end) => {
        if (end === 'complete') this.#release(head);
        else this.abandon();
        onEnd(end === 'complete' || !this.cutShort ? end : this.cutShort === 'client' ? 'cancelled' : 'late');
      },
    };
  }

  /** Ends the call at any stage. */
  abandon(): void {
    this.#end();
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
    this.#end();
    this.#endpoint = this.#connection = undefined;
    endpoint.inFlight -= 1;
    endpoint.keep(connection);
  }

  #end(): void {
    this.clock.remove(this);
    this.#stage = 'over';
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
      // A broken request body ends the call. A service that stops reading may have answered already: its answer counts.
      if (body.state !== 'intact') connection.close();
    }
  }

  /** The next part of the answer, within `idleMs`. */
  async #readInTime(body: AnswerBody): Promise<Uint8Array | null> {
    this.#nextPartDue = performance.now() + this.call.idleMs;
    try {
      return await body.read();
    } finally {
      this.#nextPartDue = Infinity;
    }
  }

  /** Does nothing once the call is over: a complete answer closes, too, and its connection may serve the next request. */
  #cut(reason: 'client' | 'timeout'): void {
    if (this.#stage === 'over') return;
    if (reason === 'timeout' && this.#isUploading && this.#stage !== 'body') {
      this.call.body.giveUp('too-slow');
    }
    this.cutShort ??= reason;
    // The answer has begun: only a closed connection tells the client that the rest is missing.
    if (this.#stage === 'body') this.call.exchange.client.leave();
    this.#connection?.close();
    this.clock.remove(this);
  }

  get due(): number {
    const { timeoutMs, deadlineMs, body } = this.call;
    if (this.#stage === 'new') return this.#started + Math.min(LOOK_FOR_CLIENT_MS, timeoutMs);
    if (this.#isUploading) return this.#started + body.limitMs(deadlineMs);
    if (this.#stage === 'head') return this.#sentAt + timeoutMs;
    return Math.min(this.#sentAt + deadlineMs, this.#nextPartDue);
  }

  expire(): void {
    if (this.#stage === 'new') this.#lookForClient();
    if (this.due <= performance.now()) this.#cut('timeout');
  }

  #lookForClient(): void {
    this.#stage = 'head';
    const { client } = this.call.exchange;
    client.onGone(() => this.#cut('client'));
    if (client.isGone) this.#cut('client');
  }
}

const yes = () => true;
const no = () => false;

/** The chunk in chunked transfer coding. */
function framed(chunk: Uint8Array): Uint8Array {
  const size = encoder.encode(`${chunk.length.toString(16)}\r\n`);
  const bytes = new Uint8Array(size.length + chunk.length + 2);
  bytes.set(size);
  bytes.set(chunk, size.length);
  bytes.set([13, 10], size.length + chunk.length);
  return bytes;
}
