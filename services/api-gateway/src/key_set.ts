/** The public keys that tokens are signed with, as user-management publishes them. */
import { importJWK, type JWK } from 'jose';
import { describe, type Logger } from './logging.ts';

const FRESH_MS = 600_000;
/** A token can name any key: it must not make the gateway ask again and again. */
const COOLDOWN_MS = 30_000;
/** Before the first keys there is nothing to protect but the service that is just starting. */
const FIRST_RETRY_MS = 1_000;
const FETCH_MS = 3_000;
const MAX_BYTES = 256 * 1024;
const KEY_TYPES: Readonly<Record<string, string>> = { RS256: 'RSA', ES256: 'EC' };

/** There are no keys yet, so that nothing can be said about a token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

export type FetchDocument = (url: string) => Promise<unknown>;

export interface KeySetOptions {
  readonly url: string;
  readonly algorithm: string;
  readonly fetchDocument?: FetchDocument;
  readonly now?: () => number;
}

export class KeySet {
  #keys?: ReadonlyMap<unknown, CryptoKey>;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching?: Promise<void>;
  readonly #now: () => number;

  constructor(private readonly options: KeySetOptions, private readonly logger: Logger) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** The key of that name; undefined when there is none. A token without a name means the only key there is. */
  async find(kid: unknown): Promise<CryptoKey | undefined> {
    const age = this.#now() - this.#fetchedAt;
    if (!this.#keys) await this.#refresh(FIRST_RETRY_MS);
    else if (age > FRESH_MS) void this.#refresh(COOLDOWN_MS);
    if (kid !== undefined && this.#keys && !this.#keys.has(kid)) await this.#refresh(COOLDOWN_MS);
    if (!this.#keys) throw new KeysUnavailable('there are no keys yet');
    if (kid !== undefined) return this.#keys.get(kid);
    return this.#keys.size === 1 ? [...this.#keys.values()][0] : undefined;
  }

  /** Asks again, unless that was tried just now. Keys that were good stay so when it fails. */
  #refresh(cooldownMs: number): Promise<void> {
    if (this.#fetching) return this.#fetching;
    if (this.#now() - this.#triedAt < cooldownMs) return Promise.resolve();
    this.#triedAt = this.#now();
    return this.#fetching = this.#fetch().finally(() => this.#fetching = undefined);
  }

  async #fetch(): Promise<void> {
    const { url, algorithm, fetchDocument = fetchJson } = this.options;
    try {
      const keys = await importKeys(await fetchDocument(url), algorithm, this.logger);
      if (keys.size === 0) throw new Error(`no key for ${algorithm}`);
      this.#keys = keys;
      this.#fetchedAt = this.#now();
    } catch (error) {
      this.logger.warning('the keys of tokens cannot be fetched', { url, error: describe(error) });
    }
  }
}

async function fetchJson(url: string): Promise<unknown> {
  return JSON.parse(await fetchText(url, FETCH_MS, MAX_BYTES));
}

/** A document of a service, no larger than it should be. */
export async function fetchText(url: string, milliseconds: number, maxBytes: number): Promise<string> {
  const signal = AbortSignal.timeout(milliseconds);
  const response = await fetch(url, { redirect: 'error', signal, headers: { Accept: 'application/json' } });
  let [text, size] = ['', 0];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`the document is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  if (!response.ok) throw new Error(`status ${response.status}`);
  return text + decoder.decode();
}

/** The keys that are made for this algorithm; others, and such as nobody can use, are left out. */
async function importKeys(
  document: unknown,
  algorithm: string,
  logger: Logger,
): Promise<ReadonlyMap<string, CryptoKey>> {
  const listed = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(listed)) throw new Error('not a key set');
  const keys = new Map<string, CryptoKey>();
  for (const jwk of listed as JWK[]) {
    const { kty, alg, use, kid } = jwk ?? {};
    const fits = kty === KEY_TYPES[algorithm] && (alg ?? algorithm) === algorithm && (use ?? 'sig') === 'sig';
    if (!fits) continue;
    try {
      const key = await importJWK({ ...jwk, d: undefined, key_ops: undefined }, algorithm);
      if (key instanceof CryptoKey) keys.set(typeof kid === 'string' ? kid : '', key);
    } catch (error) {
      logger.warning('a key of tokens cannot be used', { kid, error: describe(error) });
    }
  }
  return keys;
}
