/** The tokens of a session. The page keeps them only in memory, so a reload drops them. */
import type { components } from './schema.ts';

export type LoginResult = components['schemas']['user-management.LoginResult'];

/** The page renews an access token that expires within this time. */
const MARGIN_MS = 30_000;

interface Held {
  readonly access: string;
  readonly refresh: string;
  readonly until: number;
}

export class Tokens {
  #held: Held | undefined;
  #renewing: Promise<string> | undefined;

  /** `renew` exchanges a refresh token and uses it up. */
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

  /** An access token valid for at least `MARGIN_MS`; undefined without a session. */
  async access(): Promise<string | undefined> {
    const held = this.#held;
    if (!held || held.until - this.now() > MARGIN_MS) return held?.access;
    // A second use of a refresh token ends the session, so concurrent callers share one exchange.
    this.#renewing ??= this.#exchange(held).finally(() => this.#renewing = undefined);
    return await this.#renewing;
  }

  async #exchange(held: Held): Promise<string> {
    const result = await this.renew(held.refresh);
    // The person may have signed out in the meantime.
    if (this.#held === held) this.accept(result);
    return result.access_token;
  }
}
