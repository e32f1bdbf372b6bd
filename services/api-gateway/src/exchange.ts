/** One request with the data for its answer, log line, metrics and events. */
import type { Socket } from 'node:net';
import { addressKey, type Principal } from './identity.ts';
import { NO_PROXIES } from './proxies.ts';
import { splitTarget } from './routing.ts';
import type { Source } from './streams.ts';

export const UNMATCHED_ROUTE = 'unmatched';

const SHOWN_CHARACTERS = 256;
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export type Header = [name: string, value: string];

const randomHex = () => crypto.randomUUID().replaceAll('-', '');

/** The caller's request id when it is well formed, else a new one. */
export function acceptRequestId(candidate: string | undefined): string {
  return candidate && REQUEST_ID.test(candidate) ? candidate : randomHex();
}

/** The caller's trace and flags when well formed, else a new trace; always with a new span for the gateway. */
export function continueTrace(candidate: string | undefined): string {
  const known = candidate && TRACEPARENT.test(candidate) ? candidate : undefined;
  const trace = known ? known.slice(3, 35) : randomHex();
  return `00-${trace}-${randomHex().slice(0, 15)}1-${known ? known.slice(53) : '01'}`;
}

/** A client's request, and the means to answer it. */
export interface Client {
  readonly method: string;
  /** Exactly as in the request line. */
  readonly target: string;
  readonly isHttp10: boolean;
  /** Names in lower case. */
  readonly headers: readonly Header[];
  /** Address of the connection's other end. */
  readonly peer: string;
  /** The whole body has arrived. */
  readonly hasWholeBody: boolean;
  readonly isGone: boolean;
  onGone(callback: () => void): void;
  /** Closes the connection, for an answer that has begun and cannot be completed. */
  leave(): void;
  readonly webSocket?: WebSocketClient;
  /** The next bytes of the body; null at the end. */
  read(): Promise<Uint8Array | null>;
}

/** The connection of a client that asks for a WebSocket, and the first bytes that it sent on it. */
export interface WebSocketClient {
  readonly socket: Socket;
  readonly first: Uint8Array;
}

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | Source | null;
}

export const isSource = (body: Reply['body']): body is Source =>
  body !== null && !(body instanceof Uint8Array);

export class Exchange {
  readonly started = performance.now();
  readonly method: string;
  /** Repeated headers are joined into one list. */
  readonly headers: ReadonlyMap<string, string>;
  /** As the client wrote it. */
  readonly path: string;
  readonly query: string;
  readonly requestId: string;
  /** `traceparent` for the service: the caller's trace and the gateway's span. */
  readonly traceparent: string;
  /** Address of the client, as the edge and the trusted proxies saw it. */
  readonly address: string;
  /** Route template; never the raw path. */
  route = UNMATCHED_ROUTE;
  upstream?: string;
  principal?: Principal;
  /** A client that asks for a WebSocket instead of an answer. */
  readonly webSocket?: WebSocketClient;
  /** Headers for every answer to this request. */
  readonly answerHeaders: Header[];
  #isFinished = false;

  constructor(
    readonly client: Client,
    // All exchanges share one function: a closure each would stay in memory until the next full garbage collection.
    private readonly record: (exchange: Exchange, status: number) => void,
    proxies = NO_PROXIES,
  ) {
    this.method = client.method;
    this.webSocket = client.webSocket;
    ({ path: this.path, query: this.query } = splitTarget(client.target));
    const headers = new Map<string, string>();
    for (const [name, value] of client.headers) {
      const known = headers.get(name);
      headers.set(name, known === undefined ? value : `${known}, ${value}`);
    }
    this.headers = headers;
    this.requestId = acceptRequestId(headers.get('x-request-id'));
    this.traceparent = continueTrace(headers.get('traceparent'));
    this.address = proxies.client(headers.get('x-forwarded-for'), client.peer);
    this.answerHeaders = [['X-Request-Id', this.requestId]];
  }

  /** The path, shortened for answers and log lines, whose length the client must not decide. */
  get shownPath(): string {
    const { path } = this;
    return path.length > SHOWN_CHARACTERS ? `${path.slice(0, SHOWN_CHARACTERS)}…` : path;
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  /** Key for limits and suspicions: the user, or the address of a client without a login. */
  get subject(): string {
    return this.principal ? `user:${this.principal.userId}` : `address:${addressKey(this.address)}`;
  }

  /** Writes the log line and the metrics, once: when the answer is complete or has failed. */
  finish(status: number): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.record(this, status);
  }
}
