/** The tokens of a session. They are held in memory alone: a reload of the page forgets them. */
import type { components } from './schema.ts';

export type LoginResult = components['schemas']['user-management.LoginResult'];

/** An access token is renewed when it is good for less than this. */
const MARGIN_MS = 30_000;

interface Held {
  readonly access: string;
  readonly refresh: string;
  readonly until: number;
}

export class Tokens {
  #held: Held | undefined;
  #renewing: Promise<string> | undefined;

  /** `renew` exchanges a refresh token, which is used up by that. */
  constructor(
    private readonly renew: (refreshToken: string) => Promise<LoginResult>,
    private readonly now: () => number = Date.now,
  ) {}

  accept(result: LoginResult): void {
    this.#held = {
      access: result.access_token,
      refresh: result.refresh_token,
      until: this.now() + result.expires_in * 1000,
    };
  }

  clear(): void {
    this.#held = undefined;
  }

  /** An access token that is good for a while; nothing when there is no session. */
  async access(): Promise<string | undefined> {
    const held = this.#held;
    if (!held || held.until - this.now() > MARGIN_MS) return held?.access;
    // A second use of a refresh token ends the session: those who ask at the same time share one exchange.
    this.#renewing ??= this.#exchange(held).finally(() => this.#renewing = undefined);
    return await this.#renewing;
  }

  async #exchange(held: Held): Promise<string> {
    const result = await this.renew(held.refresh);
    // Unless the person has signed out in the meantime.
    if (this.#held === held) this.accept(result);
    return result.access_token;
  }
}
