/** Applies a quota to a request, also while Redis is away. */
import { describe, type Logger } from './logging.ts';
import type { GatewayContext } from './context.ts';
import { addressKey, type Principal } from './identity.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import { type Decision, type Quota, rateLimitHeaders } from './rate_limit.ts';
import type { LimitStore } from './redis.ts';
import type { Match } from './routing.ts';

const READS = new Set(['GET', 'HEAD']);

/** A prefix with a limit of its own counts addresses; elsewhere a user is counted wherever they come from. */
export function quotaFor(
  { route }: Match,
  address: string,
  principal: Principal | undefined,
  common: number,
): Quota {
  const subject = `address:${addressKey(address)}`;
  if (route.requestsPerMinute) return { name: route.prefix, subject, perMinute: route.requestsPerMinute };
  return { name: 'common', subject: principal ? `user:${principal.userId}` : subject, perMinute: common };
}

export class Limiter {
  constructor(
    private readonly store: LimitStore,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  /** Returns when the request may go on; fails with 429, or 503 when it cannot be counted and is not a mere read. */
  async admit(context: GatewayContext, quota: Quota): Promise<void> {
    const decision = await this.#consume(context, quota);
    if (!decision) return;
    const headers = rateLimitHeaders(quota, decision);
    this.metrics.rateLimit(quota.name, decision.allowed ? 'allowed' : 'limited');
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    if (decision.allowed) return;
    throw new Problem(429, `More than ${quota.perMinute} requests a minute.`, headers);
  }

  async #consume(context: GatewayContext, quota: Quota): Promise<Decision | undefined> {
    try {
      return await this.store.consume(quota);
    } catch (error) {
      const open = READS.has(context.req.raw.method);
      this.metrics.rateLimit(quota.name, open ? 'open' : 'closed');
      this.logger.debug('a request cannot be counted', {
        request_id: context.get('requestId'),
        let_through: open,
        error: describe(error),
      });
      if (open) return undefined;
      throw new Problem(503, 'Requests cannot be counted at the moment.', { 'Retry-After': '5' });
    }
  }
}
