/** Checks the time limits of many calls together: one timer per call would cost more than the rest of the call. */

const TICK_MS = 25;

export interface Timed {
  /** The time limit, in milliseconds of `performance.now()`; may change. */
  readonly due: number;
  /** The clock calls this once `due` has passed, and again at each check until it is removed. */
  expire(): void;
  /** Set by the clock: position in its list. */
  place?: number;
}

/**
 * Keeps a plain array, and each entry knows its index. A `Set` replaces its table as it grows; old tables in the old
 * generation kept later ones alive, with every request in them, and that took most of a garbage collection's pause.
 */
export class Clock {
  readonly #waiting: Timed[] = [];
  #timer?: ReturnType<typeof setInterval>;

  add(timed: Timed): void {
    timed.place = this.#waiting.push(timed) - 1;
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  remove(timed: Timed): void {
    const { place } = timed;
    const last = this.#waiting.at(-1);
    if (place === undefined || !last) return;
    timed.place = undefined;
    this.#waiting.pop();
    if (last === timed) return;
    this.#waiting[place] = last;
    last.place = place;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#waiting.length === 0) return this.stop();
    const now = performance.now();
    const due = this.#waiting.filter((timed) => timed.due <= now);
    for (const timed of due) timed.expire();
  }
}
