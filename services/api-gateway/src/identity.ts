/** Identifies the caller: by the platform's token, and by the address behind the edge. */
import { isIP } from 'node:net';
import { type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { JOSEError, JWSSignatureVerificationFailed } from 'jose/errors';
import type { KeySet } from './key_set.ts';
import { plainAddress } from './proxies.ts';
import { type Role, ROLES } from './routes.ts';
import type { Secrets, Settings } from './settings.ts';

const SKEW_SECONDS = 30;
const CLAIMS = ['iss', 'aud', 'sub', 'role', 'iat', 'exp', 'jti'];
const ROLE_NAMES: ReadonlySet<unknown> = new Set(ROLES);
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const BEARER = /^Bearer +([^ ]+)$/i;
/** Lifetime of a cached verdict, so that the gateway notices a withdrawn key. */
const REMEMBER_MS = 60_000;
const REMEMBERED = 10_000;

export interface Principal {
  readonly userId: string;
  readonly role: Role;
  /** Login session of the token. */
  readonly sessionId?: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The caller that a token names; undefined for an invalid or expired token. Redis knows the revoked ones. */
export type Verify = (token: string) => Promise<Principal | undefined> | Principal | undefined;

/** The settings fix the algorithm; a token's header only chooses among trusted keys. */
export function createVerifier(
  settings: Settings['jwt'],
  keys: KeySet | (() => Secrets['jwtKeys']),
  now = Date.now,
): Verify {
  const { algorithm, issuer, audience } = settings;
  const options = () => ({
    currentDate: new Date(now()),
    algorithms: [algorithm],
    issuer,
    audience,
    clockTolerance: SKEW_SECONDS,
    requiredClaims: CLAIMS,
  });
  const imported = new WeakMap<Uint8Array, Promise<CryptoKey>>();
  const importOnce = (key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> => {
    const known = imported.get(key) ??
      crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    imported.set(key, known);
    return known;
  };

  const payloadOf = async (token: string): Promise<JWTPayload> => {
    if (typeof keys !== 'function') {
      const find: JWTVerifyGetKey = (header, jws) => keys.find(header, jws);
      return (await jwtVerify(token, find, options())).payload;
    }
    const candidates = keys();
    for (const [index, key] of candidates.entries()) {
      try {
        return (await jwtVerify(token, await importOnce(key), options())).payload;
      } catch (error) {
        const isOthers = error instanceof JWSSignatureVerificationFailed;
        if (!isOthers || index === candidates.length - 1) throw error;
      }
    }
    throw new JOSEError('there is no key');
  };

  const check = async (token: string): Promise<Principal | undefined> => {
    try {
      return principalOf(await payloadOf(token), now() / 1000);
    } catch (error) {
      if (error instanceof JOSEError) return undefined;
      throw error;
    }
  };
  return remembering(check, now);
}

/** Caches good verdicts for the next requests with the same token; bad ones would push the good ones out. */
function remembering(check: (token: string) => Promise<Principal | undefined>, now: () => number): Verify {
  const known = new Map<string, { principal: Principal; until: number }>();
  const verify = async (token: string) => {
    const principal = await check(token);
    if (!principal) return undefined;
    const [oldest] = known.keys();
    if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest);
    const until = Math.min(now() + REMEMBER_MS, (principal.expiresAt + SKEW_SECONDS) * 1000);
    known.set(token, { principal, until });
    return principal;
  };
  return (token) => {
    const verdict = known.get(token);
    if (verdict && now() < verdict.until) return verdict.principal;
    known.delete(token);
    return TOKEN.test(token) ? verify(token) : undefined;
  };
}

function principalOf({ sub, role, iat, exp, sid }: JWTPayload, now: number): Principal | undefined {
  if (typeof sub !== 'string' || !UUID.test(sub) || !ROLE_NAMES.has(role)) return undefined;
  if (sid !== undefined && !(typeof sid === 'string' && UUID.test(sid))) return undefined;
  // A token issued in the future is not ours; the library checks only `exp` and `nbf`.
  if (iat === undefined || exp === undefined || iat > now + SKEW_SECONDS) return undefined;
  return {
    userId: sub.toLowerCase(),
    role: role as Role,
    sessionId: typeof sid === 'string' ? sid.toLowerCase() : undefined,
    issuedAt: iat,
    expiresAt: exp,
  };
}

/** The token of an Authorization header; empty when the header has another scheme or form. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  // The usual form: searching for a space is many times faster than the regular expression.
  if (authorization.startsWith('Bearer ') && authorization.lastIndexOf(' ') === 6) {
    return authorization.slice(7);
  }
  return BEARER.exec(authorization)?.[1] ?? '';
}

/** The limiter's key for a client: an IPv6 client can use any address of its /64, so the key is the prefix. */
export function addressKey(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array(zeros).fill('0'), ...back].slice(0, 4);
  return `${groups.map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
