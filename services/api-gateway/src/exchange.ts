/** The request being served: what is known of it, for its answer, its log line, its metrics and the events about it. */
import { addressKey, clientAddress, type Principal } from './identity.ts';
import { rawTarget } from './routing.ts';

export const UNMATCHED_ROUTE = 'unmatched';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export type Header = [name: string, value: string];

const randomHex = () => crypto.randomUUID().replaceAll('-', '');

/** The caller's request id when it is well formed, else a new one. */
export function acceptRequestId(candidate: string | undefined): string {
  return candidate && REQUEST_ID.test(candidate) ? candidate : randomHex();
}

/** Trace and flags of the caller when they are well formed, else a new trace; the gateway's own part is a new span. */
export function continueTrace(candidate: string | undefined): string {
  const known = candidate && TRACEPARENT.test(candidate) ? candidate : undefined;
  const trace = known ? known.slice(3, 35) : randomHex();
  return `00-${trace}-${randomHex().slice(0, 15)}1-${known ? known.slice(53) : '01'}`;
}

/** An answer. Headers are appended because that costs a quarter of giving them at once. */
export function respond(status: number, headers: readonly Header[], body: BodyInit | null = null): Response {
  const response = new Response(body, { status });
  appendAll(response, headers);
  return response;
}

export function appendAll({ headers }: Response, added: readonly Header[]): void {
  for (const [name, value] of added) headers.append(name, value);
}

export class Exchange {
  readonly started = performance.now();
  readonly method: string;
  /** As the client sent them, names in lower case. Read once: every look into a `Request` goes into the runtime. */
  readonly headerList: readonly Header[];
  readonly headers: ReadonlyMap<string, string>;
  /** As the client wrote it. */
  readonly path: string;
  readonly query: string;
  readonly requestId: string;
  /** What the service is told: the caller's trace, and a span of ours. */
  readonly traceparent: string;
  /** Address of the client, as the edge saw it. */
  readonly client: string;
  /** Route template; never the raw path. */
  route = UNMATCHED_ROUTE;
  upstream?: string;
  principal?: Principal;
  /** Headers of the answer, whatever it is. */
  readonly answerHeaders: Header[];
  /** The answer goes on after its head: whoever streams it finishes the exchange. */
  isStreaming = false;
  #isFinished = false;

  constructor(
    readonly request: Request,
    peer: string,
    // The same for all: a closure made here would outlive the request until the next full garbage collection.
    private readonly record: (exchange: Exchange, status: number) => void,
  ) {
    this.method = request.method;
    ({ path: this.path, query: this.query } = rawTarget(request.url));
    const list: Header[] = [];
    const headers = new Map<string, string>();
    // Iterating would make an object for each step of each header.
    request.headers.forEach((value, name) => {
      list.push([name, value]);
      headers.set(name, value);
    });
    this.headerList = list;
    this.headers = headers;
    this.requestId = acceptRequestId(headers.get('x-request-id'));
    this.traceparent = continueTrace(headers.get('traceparent'));
    this.client = clientAddress(headers.get('x-forwarded-for'), peer);
    this.answerHeaders = [['X-Request-Id', this.requestId]];
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  /** Who is counted and watched: the user, or the address of someone unknown. */
  get subject(): string {
    return this.principal ? `user:${this.principal.userId}` : `address:${addressKey(this.client)}`;
  }

  /** Writes the log line and the metrics, once: when the answer is complete, or is not going to be. */
  finish(status: number): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.record(this, status);
  }
}
