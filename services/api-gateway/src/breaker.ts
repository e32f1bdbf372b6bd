/** A circuit breaker: stops the calls to a service that keeps failing for a while, then allows one trial call. */

const TRIAL_MS = 5_000;

export type BreakerState = 'closed' | 'half-open' | 'open';
/** `neutral`: the call says nothing about the service, for instance because the client went away. */
export type Outcome = 'success' | 'failure' | 'neutral';

export interface BreakerOptions {
  readonly failures: number;
  readonly openMs: number;
  /** Milliseconds after which a trial call without a result no longer blocks the next one. */
  readonly trialMs?: number;
  readonly now?: () => number;
  readonly onChange?: (state: BreakerState) => void;
}

/** Permission for one call; the caller reports its outcome exactly once. */
export interface Permit {
  report(outcome: Outcome): void;
}

export class CircuitBreaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #openUntil = 0;
  #trialUntil = 0;
  /** Grows with each change of state; outcomes of calls from an earlier generation are ignored. */
  #generation = 0;
  readonly #now: () => number;

  constructor(private readonly options: BreakerOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until the breaker may allow a call; at least 1. */
  get retryAfterMs(): number {
    return Math.max(1, (this.#state === 'half-open' ? this.#trialUntil : this.#openUntil) - this.#now());
  }

  /** Permission for one call; undefined when the circuit is open, a trial is under way, or `mayTry` forbids the trial. */
  acquire(mayTry = true): Permit | undefined {
    if (this.#state !== 'closed') {
      const until = this.#state === 'open' ? this.#openUntil : this.#trialUntil;
      if (!mayTry || this.#now() < until) return undefined;
      this.#change('half-open');
    }
    const generation = this.#generation;
    return {
      report: (outcome) => {
        if (generation === this.#generation) this.#report(outcome);
      },
    };
  }

  #report(outcome: Outcome): void {
    if (this.#state === 'half-open') return this.#change(outcome === 'success' ? 'closed' : 'open', outcome);
    if (outcome === 'success') this.#failures = 0;
    if (outcome !== 'failure') return;
    this.#failures += 1;
    if (this.#failures >= this.options.failures) this.#change('open', outcome);
  }

  #change(state: BreakerState, outcome?: Outcome): void {
    this.#state = state;
    this.#generation += 1;
    this.#failures = 0;
    // After a neutral trial the breaker allows the next trial at once.
    if (state === 'half-open') this.#trialUntil = this.#now() + (this.options.trialMs ?? TRIAL_MS);
    if (state === 'open') this.#openUntil = this.#now() + (outcome === 'neutral' ? 0 : this.options.openMs);
    this.options.onChange?.(state);
  }
}
