/** Admits a request when its token is not revoked and its limits allow it; decides also while Redis is away. */
import type { Exchange } from './exchange.ts';
import { addressKey, type Principal } from './identity.ts';
import { describe, type Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import { type Admission, type Decision, type Quota, rateLimitHeaders, retryAfter } from './rate_limit.ts';
import type { Store } from './redis.ts';
import type { Route } from './routes.ts';
import type { Match } from './routing.ts';
import type { Suspicions } from './suspicions.ts';

const READS = new Set(['GET', 'HEAD']);
/**
 * An address may send this many times the limit of a user: ten people behind an office's address can all use their full
 * limit, and an attacker with many accounts gets no more than ten users do.
 */
const USERS_AN_ADDRESS = 10;

/** A prefix with its own limit counts addresses; the others count users, or addresses when there is no login. */
export function admissionFor(
  route: Route | undefined,
  client: string,
  principal: Principal | undefined,
  common: number,
): Admission {
  const address = `address:${addressKey(client)}`;
  const own: Quota[] = route?.requestsPerMinute
    ? [{ name: route.prefix, subject: address, perMinute: route.requestsPerMinute }]
    : [];
  const anonymous = own[0] ?? { name: 'common', subject: address, perMinute: common };
  if (!principal) return { quotas: [anonymous] };
  const quotas = [
    ...own,
    { name: 'common', subject: `user:${principal.userId}`, perMinute: common },
    { name: 'users', subject: address, perMinute: common * USERS_AN_ADDRESS },
  ];
  return { quotas, login: { ...principal, otherwise: anonymous } };
}

export interface LimiterParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly suspicions: Suspicions;
  /** Requests a minute for one user, and for one address without a login. */
  readonly rateLimit: number;
}

/** The last admission of a user: most requests of a user have the same route and the same address. */
interface Remembered {
  readonly route: Route;
  readonly client: string;
  readonly admission: Admission;
}

export class Limiter {
  readonly #remembered = new WeakMap<Principal, Remembered>();

  constructor(private readonly parts: LimiterParts) {}

  /**
   * Returns when the request may go on, and removes its principal when the login was revoked. Fails with 429, or with 503
   * when Redis is away and the request is not a read. Without `match` the path has no route; the limits count it too.
   */
  async admit(exchange: Exchange, match?: Match): Promise<void> {
    const { store, metrics, suspicions } = this.parts;
    const admission = this.#admissionFor(match?.route, exchange);
    let decision: Decision;
    try {
      decision = await store.admit(admission);
    } catch (error) {
      return this.#withoutCount(exchange, match?.route, admission, error);
    }
    if (decision.isRevoked) exchange.principal = undefined;
    metrics.rateLimit(decision.quota.name, decision.allowed ? 'allowed' : 'limited');
    exchange.answerHeaders.push(...rateLimitHeaders(decision));
    if (decision.allowed) return;
    suspicions.limited(exchange);
    throw new Problem(429, `More than ${decision.quota.perMinute} requests a minute.`, {
      'Retry-After': retryAfter(decision),
    });
  }

  #admissionFor(route: Route | undefined, { address: client, principal }: Exchange): Admission {
    const { rateLimit } = this.parts;
    if (!principal) return admissionFor(route, client, undefined, rateLimit);
    const known = this.#remembered.get(principal);
    if (known && known.route === route && known.client === client) return known.admission;
    const admission = admissionFor(route, client, principal, rateLimit);
    if (route) this.#remembered.set(principal, { route, client, admission });
    return admission;
  }

  #withoutCount(exchange: Exchange, route: Route | undefined, { quotas }: Admission, error: unknown): void {
    const { metrics, logger } = this.parts;
    // A prefix with its own limit is a target for guessing: it stays closed for every method.
    const isOpen = !route || (READS.has(exchange.method) && !route.requestsPerMinute);
    metrics.rateLimit(quotas[0]?.name ?? 'common', isOpen ? 'open' : 'closed');
    logger.debug('a request cannot be counted', {
      request_id: exchange.requestId,
      let_through: isOpen,
      error: describe(error),
    });
    if (isOpen) return;
    throw new Problem(503, 'Requests cannot be counted at the moment.', { 'Retry-After': '5' });
  }
}
