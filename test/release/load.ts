/** A constant load of requests through the edge; it records every unexpected answer. */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { config, pause, type Session } from '../e2e/support.ts';

/** Requests under way at once. */
const CLIENTS = 6;
const PAUSE_MS = 15;
const STREAMS = 4;
/** Words of a chat. The stand-in sends one every 50 ms, so a stream stays open for about half a minute. */
const WORDS = 600;
const TIMEOUT_MS = 30_000;
const CHAT = '/api/ai/chat';
/** A connection that ends later than this after a request had the request in work. */
const ON_ITS_WAY_MS = 1000;
const TICK_MS = 20;

class ClosedWhileIdle extends Error {}

const now = (): string => new Date().toISOString();

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly expected: number;
  readonly body?: unknown;
}

/**
 * Requests to every service, by its own route and through the gateway. One of them writes, so a proxy must not retry it.
 * None asks for `/health`: a draining pod answers 503 there on purpose, and everything else as before.
 */
const asksOf = ({ id }: Session): readonly Ask[] => [
  { method: 'GET', path: '/ai/conversations', expected: 200 },
  { method: 'GET', path: '/1c/sync', expected: 200 },
  { method: 'GET', path: '/analytics/reports', expected: 200 },
  // The service itself refuses: this user is no analyst.
  { method: 'GET', path: '/security/threats', expected: 403 },
  { method: 'GET', path: `/api/users/${id}`, expected: 200 },
  { method: 'GET', path: '/api/ai/models', expected: 200 },
  {
    method: 'POST',
    path: '/api/security/audit/log',
    expected: 201,
    body: { action: 'load.test', resource: 'rollout', outcome: 'success' },
  },
];

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Unexpected answers with their times. */
  readonly failures: readonly string[];
  /** Chats whose answer arrived complete. */
  readonly streams: number;
  readonly cut: readonly string[];
  /** Times of requests that were sent again, because their kept connection was closed before they reached it. */
  readonly resent: readonly string[];
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

export class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CLIENTS + STREAMS, rejectUnauthorized: false });
  readonly #failures: string[] = [];
  readonly #cut: string[] = [];
  readonly #milliseconds: number[] = [];
  readonly #started = performance.now();
  readonly #running: Promise<void>[];
  /** Milliseconds that this process was awake: on a busy machine it may see an end seconds late. */
  #awake = 0;
  readonly #clock = setInterval(() => {
    this.#awake += TICK_MS;
  }, TICK_MS);
  #streams = 0;
  readonly #resent: string[] = [];
  #ends = false;

  /** Starts the load. @param streams whether to keep chats open, too; they need the provider stand-in. */
  constructor(
    private readonly session: Session,
    streams: boolean,
  ) {
    const clients = Array.from({ length: CLIENTS }, (_, index) => this.#client(index));
    this.#running = [...clients, ...(streams ? Array.from({ length: STREAMS }, () => this.#chats()) : [])];
  }

  get requests(): number {
    return this.#milliseconds.length;
  }

  /** Continues until `requests` requests were made, then waits for the open ones. */
  async stop(requests: number): Promise<LoadResult> {
    while (this.requests < requests) await pause(200);
    this.#ends = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
    clearInterval(this.#clock);
    const sorted = this.#milliseconds.toSorted((a, b) => a - b);
    const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    return {
      requests: this.requests,
      seconds: Math.round((performance.now() - this.#started) / 1000),
      failures: this.#failures,
      streams: this.#streams,
      cut: this.#cut,
      resent: this.#resent,
      p50: at(0.5),
      p99: at(0.99),
      slowest: at(1),
    };
  }

  async #client(offset: number): Promise<void> {
    const asks = asksOf(this.session);
    for (let turn = offset; !this.#ends; turn++) {
      const ask = asks[turn % asks.length];
      if (!ask) return;
      const before = performance.now();
      try {
        const { status, text } = await this.#send(ask);
        if (status !== ask.expected) this.#fail(ask, `${status} ${text.slice(0, 160)}`);
      } catch (error) {
        this.#fail(ask, String(error));
      }
      this.#milliseconds.push(performance.now() - before);
      await pause(PAUSE_MS);
    }
  }

  #fail({ method, path }: Ask, what: string): void {
    this.#failures.push(`${now()} ${method} ${path}: ${what}`);
  }

  /** Sends one chat after another; each answer must have every word and the final event. */
  async #chats(): Promise<void> {
    const message = Array.from({ length: WORDS }, (_, index) => `word${index}`).join(' ');
    while (!this.#ends) {
      const body = { message, stream: true };
      try {
        const { status, text } = await this.#send(
          { method: 'POST', path: CHAT, expected: 200, body },
          180_000,
        );
        const problem = status === 200 ? cutIn(text, message) : `${status} ${text.slice(0, 160)}`;
        if (problem) this.#cut.push(`${now()} POST ${CHAT}: ${problem}`);
        else this.#streams += 1;
      } catch (error) {
        this.#cut.push(`${now()} POST ${CHAT}: ${error}`);
      }
    }
  }

  /**
   * A server that ends closes connections that are idle, and cannot tell that a request is on its way: HTTP clients
   * send it again on a new connection (RFC 9112, 9.3.1; `reusedSocket` in Node's documentation).
   */
  async #send(ask: Ask, timeout = TIMEOUT_MS): Promise<{ status: number; text: string }> {
    try {
      return await this.#sendOnce(ask, timeout);
    } catch (error) {
      if (!(error instanceof ClosedWhileIdle)) throw error;
      this.#resent.push(`${now()} ${ask.method} ${ask.path}`);
      return this.#sendOnce(ask, timeout, false);
    }
  }

  /** @param agent false for a connection of its own. */
  async #sendOnce(
    { method, path, body }: Ask,
    timeout: number,
    agent: Agent | false = this.#agent,
  ): Promise<{ status: number; text: string }> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sentAt = this.#awake;
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: config.edge.httpsPort,
          servername: 'localhost',
          agent,
          rejectUnauthorized: false,
          method,
          path,
          timeout,
          headers: {
            host: 'localhost',
            authorization: `Bearer ${this.session.token}`,
            ...(payload
              ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
              : {}),
          },
        },
        resolve,
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing came for ${timeout / 1000} s`)));
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const closed = outgoing.reusedSocket && error.code === 'ECONNRESET';
        reject(closed && this.#awake - sentAt < ON_ITS_WAY_MS ? new ClosedWhileIdle() : error);
      });
      outgoing.end(payload);
    });
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    return { status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() };
  }
}

/** The missing part of a streamed chat; undefined when it is complete. */
function cutIn(text: string, message: string): string | undefined {
  const deltas = [...text.matchAll(/^event: delta\r?\ndata: (.*)$/gm)].map(
    ([, data = '']): { readonly text: string } => JSON.parse(data),
  );
  const received = deltas.map((delta) => delta.text).join('');
  if (received.trim() !== message)
    return `stream ended after ${deltas.length} of ${WORDS} words: ${text.slice(-200)}`;
  return /^event: done$/m.test(text) ? undefined : `stream did not say that it is done: ${text.slice(-200)}`;
}

/** A line of figures, then a line for each kind of failure, then the first failures. */
export function figures(title: string, load: LoadResult): string {
  const { requests, seconds, failures, streams, cut, resent, p50, p99, slowest } = load;
  const kinds = new Map<string, number>();
  for (const failure of [...failures, ...cut]) {
    const kind = failure.slice(failure.indexOf(' ') + 1).replaceAll(/"request_id":"[^"]*"|[\d.]{3,}/g, '…');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [
    `${title}: ${requests} requests in ${seconds} s, ${failures.length} failed; ${streams} chat streams, ${cut.length} cut; ${resent.length} sent again; p50 ${p50} ms, p99 ${p99} ms, slowest ${slowest} ms`,
    ...[...kinds].map(([kind, count]) => `  ${count} × ${kind}`),
    ...[...failures, ...cut].slice(0, 40).map((failure) => `    ${failure}`),
  ].join('\n');
}
