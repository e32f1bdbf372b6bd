/**
 * The public keys of the tokens, as user-management publishes them. The library chooses and imports keys. This module
 * decides when to fetch them: the library drops old but good keys when a fetch fails, fetches for every token while it
 * has no keys, and reads a document of any size.
 */
import { createRemoteJWKSet, customFetch, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { JOSEError, JWKSNoMatchingKey } from 'jose/errors';
import { fetchText } from './fetch_text.ts';
import { describe, type Logger } from './logging.ts';

const FRESH_MS = 600_000;
/** Any token can name an unknown key: the cooldown keeps such tokens from causing a fetch each. */
const COOLDOWN_MS = 30_000;
/** Shorter before the first keys, because no token can be checked without them. */
const FIRST_RETRY_MS = 1_000;
const FETCH_MS = 3_000;
const MAX_BYTES = 256 * 1024;

/** There are no keys yet, so the gateway cannot check tokens. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

export interface KeySetOptions {
  readonly url: string;
  readonly now?: () => number;
}

export class KeySet {
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  readonly #now: () => number;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;

  constructor(private readonly options: KeySetOptions, private readonly logger: Logger) {
    this.#now = options.now ?? (() => performance.now());
    this.#keys = createRemoteJWKSet(new URL(options.url), {
      cacheMaxAge: Infinity,
      cooldownDuration: 0,
      [customFetch]: () => this.#fetch(),
    });
  }

  /** The key that signed a token; rejects with a JOSEError when there is none. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.#keys.jwks() && this.#now() - this.#fetchedAt > FRESH_MS) this.#refresh();
    try {
      return await this.#keys(header, token);
    } catch (error) {
      if (!this.#keys.jwks()) throw new KeysUnavailable('there are no keys yet', { cause: error });
      throw error instanceof JOSEError
        ? error
        : new JWKSNoMatchingKey('there is no such key', { cause: error });
    }
  }

  /** Fetches in the background; the current keys stay in use. */
  #refresh(): void {
    // The fetch logs its own failure.
    this.#keys.reload().catch(() => undefined);
  }

  /** Fetches the document, unless the last attempt was just now. */
  async #fetch(): Promise<Response> {
    const pause = this.#keys.jwks() ? COOLDOWN_MS : FIRST_RETRY_MS;
    if (this.#now() - this.#triedAt < pause) throw new Error('the keys were asked for a moment ago');
    this.#triedAt = this.#now();
    const { url } = this.options;
    try {
      const keys = keysIn(JSON.parse(await fetchText(url, FETCH_MS, MAX_BYTES)));
      if (keys.length === 0) throw new Error('not a key set');
      this.#fetchedAt = this.#now();
      return Response.json({ keys });
    } catch (error) {
      this.logger.warning('the keys of tokens cannot be fetched', { url, error: describe(error) });
      throw error;
    }
  }
}

/** The objects that may be keys: one invalid entry must not make the others unusable. */
function keysIn(document: unknown): readonly object[] {
  if (typeof document !== 'object' || document === null || !('keys' in document)) return [];
  return Array.isArray(document.keys)
    ? document.keys.filter((key) => typeof key === 'object' && key !== null)
    : [];
}
