/** Metrics in the text format of Prometheus. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BreakerState } from './breaker.ts';

const BREAKER_VALUES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** `open`, `closed`: Redis was away, and the limiter let the request through or refused it. */
export type LimitResult = 'allowed' | 'limited' | 'open' | 'closed';

/** Finds the series of a counter label by label, which saves building a key for each count. */
class Tally {
  readonly #next = new Map<string, Tally>();
  #counted = 0;
  #series?: { inc(value: number): void };

  count(counter: Counter, labels: readonly string[], depth = 0): void {
    const label = labels[depth];
    if (label === undefined) {
      this.#series ??= counter.labels(...labels);
      this.#counted += 1;
      return;
    }
    let next = this.#next.get(label);
    if (!next) this.#next.set(label, next = new Tally());
    next.count(counter, labels, depth + 1);
  }

  /** Adds the counts since the last flush to the library's counters. */
  flush(): void {
    if (this.#counted > 0) this.#series?.inc(this.#counted);
    this.#counted = 0;
    for (const next of this.#next.values()) next.flush();
  }
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests served.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.#registry],
  });
  readonly #duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Seconds from the first byte of a request to the last byte of its response.',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #upstream = new Counter({
    name: 'gateway_upstream_requests_total',
    help: 'Calls to services, by status or by what became of them.',
    labelNames: ['upstream', 'status'],
    registers: [this.#registry],
  });
  readonly #breaker = new Gauge({
    name: 'gateway_breaker_state',
    help: 'Circuit breaker of a service: 0 closed, 1 half open, 2 open.',
    labelNames: ['upstream'],
    registers: [this.#registry],
  });
  readonly #limits = new Counter({
    name: 'gateway_rate_limit_decisions_total',
    help: 'Decisions of the rate limiter; open and closed: without Redis.',
    labelNames: ['quota', 'result'],
    registers: [this.#registry],
  });

  readonly #endpoints = new Gauge({
    name: 'gateway_endpoints',
    help: 'Replicas of a service that DNS names.',
    labelNames: ['upstream'],
    registers: [this.#registry],
  });
  readonly #ejections = new Counter({
    name: 'gateway_ejections_total',
    help: 'Times that a replica was left alone because it kept failing.',
    labelNames: ['upstream'],
    registers: [this.#registry],
  });
  readonly #webSockets = new Gauge({
    name: 'gateway_websockets',
    help: 'Open WebSockets.',
    labelNames: ['upstream'],
    registers: [this.#registry],
  });
  readonly #events = new Counter({
    name: 'events_published_total',
    help: 'Events published.',
    labelNames: ['type', 'outcome'],
    registers: [this.#registry],
  });
  /** Counts since the last flush: adding them up here costs a tenth of calling the library each time. */
  readonly #tallies = new Map<Counter, Tally>();
  readonly #durations = new Map<string, { observe(value: number): void }>();

  /** @param secretsReadAt when the gateway read the secrets in force, in seconds since the epoch. */
  constructor(version: string, secretsReadAt: () => number = () => 0) {
    const registers = [this.#registry];
    new Gauge({
      name: 'secrets_read_timestamp_seconds',
      help: 'When the secrets in force were read from their files.',
      registers,
      collect() {
        this.set(secretsReadAt());
      },
    });
    new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Resident memory size in bytes.',
      registers,
      collect() {
        this.set(Deno.memoryUsage().rss);
      },
    });
    const started = new Gauge({
      name: 'process_start_time_seconds',
      help: 'Start time of the process since the Unix epoch in seconds.',
      registers,
    });
    started.set(performance.timeOrigin / 1000);
    new Gauge({ name: 'gateway_info', help: 'The running version.', labelNames: ['version'], registers })
      .set({ version }, 1);
  }

  /** Unknown methods share one label value, so that a caller cannot make new series. */
  request(method: string, route: string, status: number, seconds: number): void {
    const label = METHODS.has(method) ? method : 'OTHER';
    this.#count(this.#requests, label, route, String(status));
    const key = `${label} ${route}`;
    let duration = this.#durations.get(key);
    if (!duration) this.#durations.set(key, duration = this.#duration.labels(label, route));
    duration.observe(seconds);
  }

  upstreamRequest(upstream: string, status: string): void {
    this.#count(this.#upstream, upstream, status);
  }

  breakerState(upstream: string, state: BreakerState): void {
    this.#breaker.set({ upstream }, BREAKER_VALUES[state]);
  }

  endpoints(upstream: string, count: number): void {
    this.#endpoints.set({ upstream }, count);
  }

  ejected(upstream: string): void {
    this.#count(this.#ejections, upstream);
  }

  webSockets(upstream: string, change: 1 | -1): void {
    this.#webSockets.inc({ upstream }, change);
  }

  event(type: string, outcome: 'published' | 'failed'): void {
    this.#count(this.#events, type, outcome);
  }

  rateLimit(quota: string, result: LimitResult): void {
    this.#count(this.#limits, quota, result);
  }

  #count(counter: Counter, ...labels: string[]): void {
    let tally = this.#tallies.get(counter);
    if (!tally) this.#tallies.set(counter, tally = new Tally());
    tally.count(counter, labels);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    for (const tally of this.#tallies.values()) tally.flush();
    return this.#registry.metrics();
  }
}
