/** Limits retries to a share of the recent calls, so that they do not multiply an overload. */

const SHARE = 0.2;
/** Retries that every service has, however few calls it gets. */
const ALWAYS = 3;
const PERIOD_MS = 10_000;

export class RetryBudget {
  #periodEnd: number;
  #calls = 0;
  #retries = 0;
  #previousCalls = 0;
  #previousRetries = 0;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.#periodEnd = now() + PERIOD_MS;
  }

  /** Counts a first attempt. */
  deposit(): void {
    this.#calls += 1;
  }

  /** True, and counts the retry, when the budget allows one more. */
  withdraw(): boolean {
    this.#turn();
    const allowed = ALWAYS + SHARE * (this.#calls + this.#previousCalls);
    if (this.#retries + this.#previousRetries >= allowed) return false;
    this.#retries += 1;
    return true;
  }

  #turn(): void {
    const late = this.now() - this.#periodEnd;
    if (late < 0) return;
    const isRecent = late < PERIOD_MS;
    this.#previousCalls = isRecent ? this.#calls : 0;
    this.#previousRetries = isRecent ? this.#retries : 0;
    this.#calls = this.#retries = 0;
    this.#periodEnd = this.now() + PERIOD_MS;
  }
}
