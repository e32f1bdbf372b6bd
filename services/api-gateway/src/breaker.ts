/** A circuit breaker: a service that keeps failing is left alone for a while, then asked once. */

const TRIAL_MS = 5_000;

export type BreakerState = 'closed' | 'half-open' | 'open';
/** `neutral`: the call says nothing about the service, for instance because the client went away. */
export type Outcome = 'success' | 'failure' | 'neutral';

export interface BreakerOptions {
  readonly failures: number;
  readonly openMs: number;
  /** A trial that has said nothing for so long does not keep the next one waiting. */
  readonly trialMs?: number;
  readonly now?: () => number;
  readonly onChange?: (state: BreakerState) => void;
}

/** Leave to make one call; report how it went exactly once. */
export interface Permit {
  report(outcome: Outcome): void;
}

export class CircuitBreaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #openUntil = 0;
  #trialUntil = 0;
  /** Calls begun before the last change of state do not count any more. */
  #generation = 0;
  readonly #now: () => number;

  constructor(private readonly options: BreakerOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a call may be worth while; at least 1. */
  get retryAfterMs(): number {
    return Math.max(1, (this.#state === 'half-open' ? this.#trialUntil : this.#openUntil) - this.#now());
  }

  /** Leave for one call, or undefined when the circuit is open, or its one trial call is under way or not for this one. */
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
    // A trial that said nothing is followed by another at once.
    if (state === 'half-open') this.#trialUntil = this.#now() + (this.options.trialMs ?? TRIAL_MS);
    if (state === 'open') this.#openUntil = this.#now() + (outcome === 'neutral' ? 0 : this.options.openMs);
    this.options.onChange?.(state);
  }
}
