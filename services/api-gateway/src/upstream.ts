/** Calls to one service, with a choice of endpoint, a circuit breaker, time limits and a retry budget. */
import { type Answer, Attempt, type Call } from './attempt.ts';
import { CircuitBreaker, type Permit } from './breaker.ts';
import type { Clock } from './clock.ts';
import { ConnectError } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import { Endpoints, type EndpointsOptions } from './endpoints.ts';
import { BadAnswer, ConnectionLost } from './http1.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import { RetryBudget } from './retry_budget.ts';
import type { End } from './streams.ts';

const BREAKER = { failures: 5, openMs: 10_000 };
/** Several replicas allow one try more, because a rollout may be replacing them. */
const TRIES = { one: 2, several: 3 };
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** Statuses of a proxy in front of the service. 503 is missing: a service sends it too, for instance for "no key". */
const FAILED_STATUS = new Set([502, 504]);

/** The client went away before there was an answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export interface UpstreamOptions extends EndpointsOptions {
  readonly name: string;
  readonly breaker?: { readonly failures: number; readonly openMs: number };
}

export class Upstream {
  readonly name: string;
  readonly endpoints: Endpoints;
  readonly host: string;
  readonly #breaker: CircuitBreaker;
  readonly #budget = new RetryBudget();

  constructor(
    options: UpstreamOptions,
    private readonly metrics: Metrics,
    logger: Logger,
    private readonly clock: Clock,
  ) {
    const name = this.name = options.name;
    metrics.breakerState(name, 'closed');
    this.host = new URL(options.upstream).host;
    this.#breaker = new CircuitBreaker({
      ...(options.breaker ?? BREAKER),
      onChange: (state) => metrics.breakerState(name, state),
    });
    this.endpoints = new Endpoints({
      onChange: (count) => metrics.endpoints(name, count),
      onEjected: ({ authority }) => {
        metrics.ejected(name);
        logger.warning('a replica is left alone for a while', { upstream: name, endpoint: authority });
      },
      ...options,
    }, logger);
  }

  close(): void {
    this.endpoints.close();
  }

  /**
   * Permission to call the service; throws a Problem while the breaker is open. `mayTry` is false for a request that
   * depends on its client's pace: it would be a poor trial of the service.
   */
  permit(mayTry: boolean): Permit {
    const permit = this.#breaker.acquire(mayTry);
    if (permit) return permit;
    this.metrics.upstreamRequest(this.name, 'short-circuited');
    throw this.unavailable();
  }

  /** The answer of the service, its body still streaming; rejects with a Problem or with ClientGone. */
  async call(call: Call, onEnd: (end: End) => void): Promise<Answer> {
    const permit = this.permit(call.body.hasArrived);
    this.#budget.deposit();
    const attempt = new Attempt(call, this.host, this.clock);
    try {
      const { endpoint, head } = await this.#tryEndpoints(call, attempt);
      const answer = await attempt.answer(head, onEnd);
      const isGood = !FAILED_STATUS.has(head.status);
      this.endpoints.report(endpoint, isGood);
      permit.report(isGood ? 'success' : 'failure');
      this.metrics.upstreamRequest(this.name, String(head.status));
      return answer;
    } catch (error) {
      attempt.abandon();
      throw this.#translate(error, call, attempt, permit);
    }
  }

  async #tryEndpoints(call: Call, attempt: Attempt): Promise<{ endpoint: Endpoint; head: Answer['head'] }> {
    let tried: Endpoint | undefined;
    const tries = this.endpoints.all.length > 1 ? TRIES.several : TRIES.one;
    for (let left = tries - 1;; left--) {
      const endpoint = this.endpoints.pick(tried);
      try {
        return { endpoint, head: await attempt.on(endpoint) };
      } catch (error) {
        if (!attempt.isCutShort) this.endpoints.report(endpoint, false);
        if (left === 0 || attempt.isCutShort || !mayRetry(call, error) || !this.#budget.withdraw()) {
          throw error;
        }
        this.metrics.upstreamRequest(this.name, 'retried');
        attempt.abandonConnection();
        tried = endpoint;
      }
    }
  }

  /** The party at fault decides the client's answer, and whether the breaker counts the failure. */
  #translate(error: unknown, call: Call, attempt: Attempt, permit: Permit): unknown {
    const ofBody = call.body.problem();
    if (ofBody) {
      permit.report('neutral');
      return ofBody;
    }
    if (attempt.cutShort === 'client' || call.body.state === 'broken') {
      permit.report('neutral');
      this.metrics.upstreamRequest(this.name, 'aborted');
      return new ClientGone('the client went away', { cause: error });
    }
    permit.report('failure');
    if (attempt.cutShort === 'timeout') {
      this.metrics.upstreamRequest(this.name, 'timeout');
      return new Problem(504, `The service ${this.name} did not answer within ${call.timeoutMs / 1000} s.`);
    }
    if (error instanceof BadAnswer || (error instanceof ConnectionLost && !error.silent)) {
      this.metrics.upstreamRequest(this.name, 'bad-answer');
      return new Problem(502, `The service ${this.name} gave no complete and valid answer.`, {}, error);
    }
    this.metrics.upstreamRequest(this.name, 'unreachable');
    return this.unavailable(error);
  }

  unavailable(cause?: unknown): Problem {
    const seconds = this.#breaker.state === 'open' ? Math.ceil(this.#breaker.retryAfterMs / 1000) : 1;
    const headers = { 'Retry-After': String(seconds) };
    return new Problem(503, `The service ${this.name} is not available.`, headers, cause);
  }
}

/**
 * True for a call that never reached the service, or is idempotent, when its body (if any) has not been read yet.
 */
function mayRetry({ exchange, body }: Call, error: unknown): boolean {
  if (!body.isEmpty && !body.mayBeSentAgain) return false;
  return error instanceof ConnectError ||
    (error instanceof ConnectionLost && error.silent && body.isEmpty && IDEMPOTENT.has(exchange.method));
}
