/** Metrics in the text format of Prometheus. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BreakerState } from './breaker.ts';

const BREAKER_VALUES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** `open`, `closed`: Redis was away, and the request was let through or refused. */
export type LimitResult = 'allowed' | 'limited' | 'open' | 'closed';

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

  constructor(version: string) {
    const registers = [this.#registry];
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
    this.#requests.inc({ method: label, route, status });
    this.#duration.observe({ method: label, route }, seconds);
  }

  upstreamRequest(upstream: string, status: string): void {
    this.#upstream.inc({ upstream, status });
  }

  breakerState(upstream: string, state: BreakerState): void {
    this.#breaker.set({ upstream }, BREAKER_VALUES[state]);
  }

  rateLimit(quota: string, result: LimitResult): void {
    this.#limits.inc({ quota, result });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }
}
