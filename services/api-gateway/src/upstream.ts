/** Calls to one service: pooled connections, a circuit breaker, a deadline and one retry. */
import { CircuitBreaker, type Permit } from './breaker.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import type { RequestBody } from './request_body.ts';

const BREAKER = { failures: 5, openMs: 10_000 };
/** Below the keep-alive of the services (75 s), so that none of them closes a connection about to be used. */
const POOL_IDLE_MS = 30_000;
const POOL_SIZE = 128;
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** What a proxy in front of the service answers for it; 503 is also a service's own word, for instance "no key". */
const FAILED_STATUS = new Set([502, 504]);

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: RequestBody;
  readonly timeoutMs: number;
  /** Aborted when the client goes away. */
  readonly client: AbortSignal;
}

/** The client went away before there was an answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** An answer whose body may still stream; `release` must be called when it ends, and ends it when it has not. */
export interface Answer {
  readonly response: Response;
  readonly deadline: AbortSignal;
  release(): void;
}

export class Upstream {
  readonly #breaker: CircuitBreaker;
  readonly #client: Deno.HttpClient;

  constructor(readonly name: string, private readonly metrics: Metrics, breaker = BREAKER) {
    metrics.breakerState(name, 'closed');
    this.#breaker = new CircuitBreaker({
      ...breaker,
      onChange: (state) => metrics.breakerState(name, state),
    });
    this.#client = Deno.createHttpClient({
      http2: false,
      poolIdleTimeout: POOL_IDLE_MS,
      poolMaxIdlePerHost: POOL_SIZE,
    });
  }

  /** The head of the answer; fails with a Problem, or ClientGone. */
  async call(call: Call): Promise<Answer> {
    const permit = this.#breaker.acquire();
    if (!permit) throw this.#unavailable('short-circuited');
    const attempt = new Attempt(call);
    try {
      const response = await this.#fetchWithRetry(call, attempt.signal);
      permit.report(FAILED_STATUS.has(response.status) ? 'failure' : 'success');
      this.metrics.upstreamRequest(this.name, String(response.status));
      return { response, deadline: attempt.deadline, release: () => attempt.end() };
    } catch (error) {
      attempt.end();
      throw this.#translate(error, call, attempt, permit);
    }
  }

  close(): void {
    this.#client.close();
  }

  async #fetchWithRetry(call: Call, signal: AbortSignal): Promise<Response> {
    try {
      return await this.#fetch(call, signal);
    } catch (error) {
      if (signal.aborted || !mayRetry(call, error)) throw error;
      this.metrics.upstreamRequest(this.name, 'retried');
      return await this.#fetch(call, signal);
    }
  }

  #fetch({ method, url, headers, body }: Call, signal: AbortSignal): Promise<Response> {
    return fetch(url, {
      method,
      headers,
      body: body.stream,
      redirect: 'manual',
      signal,
      client: this.#client,
    });
  }

  /** Whose fault it was decides what the client is told, and whether the breaker counts it. */
  #translate(error: unknown, call: Call, { deadline }: Attempt, permit: Permit): unknown {
    if (call.body.isTooLarge) {
      permit.report('neutral');
      return call.body.tooLarge();
    }
    if (call.client.aborted || call.body.isBroken) {
      permit.report('neutral');
      this.metrics.upstreamRequest(this.name, 'aborted');
      return new ClientGone('the client went away', { cause: error });
    }
    permit.report('failure');
    if (!deadline.aborted) return this.#unavailable('unreachable', error);
    this.metrics.upstreamRequest(this.name, 'timeout');
    return new Problem(504, `The service ${this.name} did not answer within ${call.timeoutMs / 1000} s.`);
  }

  #unavailable(status: string, cause?: unknown): Problem {
    this.metrics.upstreamRequest(this.name, status);
    const seconds = this.#breaker.state === 'open' ? Math.ceil(this.#breaker.retryAfterMs / 1000) : 1;
    const problem = new Problem(503, `The service ${this.name} is not available.`, {
      'Retry-After': String(seconds),
    });
    problem.cause = cause;
    return problem;
  }
}

/** The signals of one call. */
class Attempt {
  readonly #deadline = new AbortController();
  readonly #ended = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly signal: AbortSignal;

  constructor({ timeoutMs, client }: Call) {
    this.#timer = setTimeout(
      () => this.#deadline.abort(new Error('the deadline of the call is over')),
      timeoutMs,
    );
    this.signal = AbortSignal.any([this.#deadline.signal, this.#ended.signal, client]);
  }

  get deadline(): AbortSignal {
    return this.#deadline.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }
}

/**
 * A call without body, because one that was begun cannot be sent again; that never reached the service, or does no harm
 * when it reaches it twice.
 */
function mayRetry({ method, body }: Call, error: unknown): boolean {
  if (body.stream) return false;
  return isConnectError(error) || (IDEMPOTENT.has(method) && isTransportError(error));
}

const causeOf = (error: unknown): string =>
  error instanceof TypeError && error.cause instanceof Error ? error.cause.message : '';

const isConnectError = (error: unknown): boolean => causeOf(error).includes('client error (Connect)');

/** The connection broke before an answer came, as when a pooled one was closed by the other side. */
const isTransportError = (error: unknown): boolean => causeOf(error).includes('error sending request');
