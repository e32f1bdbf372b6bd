/** Publishes events about suspicious clients to the other services. */
import type { Exchange } from './exchange.ts';
import { describe, type Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import type { Store } from './redis.ts';

const MINUTE_MS = 60_000;
/** Refusals within a minute that are more than a mistyped password. */
const MISSES = 20;
const MISS_STATUSES = new Set([401, 403, 404]);
/** Most subjects in memory. */
const SUBJECTS = 10_000;

interface Event {
  readonly type: 'gateway.rate_limited' | 'gateway.enumeration';
  readonly data: Readonly<Record<string, unknown>>;
}

interface Misses {
  count: number;
  readonly since: number;
}

/** At most one event of a type about a subject in a minute, so that an attack does not become a flood of events. */
export class Suspicions {
  readonly #misses = new Map<string, Misses>();
  readonly #told = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  limited(exchange: Exchange): void {
    this.#tell(exchange, {
      type: 'gateway.rate_limited',
      data: { address: exchange.address, route: exchange.route },
    });
  }

  /** The gateway calls this with the status of every answer. */
  answered(exchange: Exchange, status: number): void {
    if (!MISS_STATUSES.has(status)) return;
    const { subject } = exchange;
    let misses = this.#misses.get(subject);
    if (!misses || this.now() - misses.since >= MINUTE_MS) {
      this.#misses.delete(subject);
      misses = { count: 0, since: this.now() };
      remember(this.#misses, subject, misses);
    }
    misses.count += 1;
    if (misses.count < MISSES) return;
    this.#tell(exchange, {
      type: 'gateway.enumeration',
      data: { address: exchange.address, misses: misses.count },
    });
  }

  #tell(exchange: Exchange, { type, data }: Event): void {
    const key = `${type} ${exchange.subject}`;
    if (this.now() - (this.#told.get(key) ?? -Infinity) < MINUTE_MS) return;
    this.#told.delete(key);
    remember(this.#told, key, this.now());
    const event = {
      id: crypto.randomUUID(),
      type,
      source: 'api-gateway',
      time: new Date().toISOString(),
      user_id: exchange.principal?.userId,
      request_id: exchange.requestId,
      data,
    };
    this.store.publish(JSON.stringify(event)).then(
      () => this.metrics.event(type, 'published'),
      (error: unknown) => {
        this.metrics.event(type, 'failed');
        this.logger.warning('an event is lost', { event_type: type, error: describe(error) });
      },
    );
  }
}

/** Adds an entry, and removes the oldest when the map is full. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  const [oldest] = map.keys();
  if (map.size >= SUBJECTS && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
