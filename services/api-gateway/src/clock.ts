/** Time limits of many calls, looked at together: a timer for each would cost more than all the rest of it. */

const TICK_MS = 25;

export interface Timed {
  /** When it is time, by `performance.now()`; may change. */
  readonly due: number;
  /** Called when it is, and again while it stays so. */
  expire(): void;
  /** Belongs to the clock. */
  place?: number;
}

/**
 * A plain list, from which each entry knows its place. A `Set` makes a new table now and then, and tables that the
 * garbage collector thinks old keep the later ones alive, with every request in them: most of a pause went there.
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
