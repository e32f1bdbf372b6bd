/** Reads the secrets again while the process runs: Kubernetes replaces the files of a mounted Secret in place. */
import { describe, type Logger } from './logging.ts';
import type { Secrets } from './settings.ts';

const POLL_MS = 2_000;

export interface LiveSecretsOptions {
  readonly first: Secrets;
  /** Throws when the current files cannot be used. */
  readonly read: () => Secrets;
  readonly logger: Logger;
  readonly now?: () => number;
}

export class LiveSecrets {
  /** The secrets in force. */
  current: Secrets;
  /** Seconds since the epoch. */
  readAt: number;
  #before: readonly string[] = [];
  #refused = '';
  #timer?: ReturnType<typeof setInterval>;

  constructor(private readonly options: LiveSecretsOptions) {
    this.current = options.first;
    this.readAt = this.#seconds();
  }

  /** Passwords to try at Redis, the likeliest first: the server may learn of a change later than this process. */
  redisPasswords(): readonly string[] {
    return [...new Set([...this.current.redisPasswords, ...this.#before])];
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), POLL_MS);
    Deno.unrefTimer(this.#timer);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes the current files, or keeps all the old secrets when one of the new ones is unusable. */
  look(): void {
    const { read, logger } = this.options;
    try {
      const found = read();
      if (identity(found) === identity(this.current)) return;
      if (String(found.redisPasswords) !== String(this.current.redisPasswords)) {
        this.#before = this.current.redisPasswords;
      }
      this.current = found;
      this.readAt = this.#seconds();
      this.#refused = '';
      logger.info('secrets were read again');
    } catch (error) {
      const reason = describe(error);
      if (reason !== this.#refused) logger.warning('changed secrets are refused', { error: reason });
      this.#refused = reason;
    }
  }

  #seconds(): number {
    return (this.options.now ?? Date.now)() / 1000;
  }
}

const identity = ({ jwtKeys, redisPasswords }: Secrets): string =>
  JSON.stringify([jwtKeys.map((key) => [...key]), redisPasswords]);
