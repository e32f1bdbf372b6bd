/** Who makes a request: the token of the platform, and the address behind the edge. */
import { isIP } from 'node:net';
import { jwtVerify } from 'jose';
import { JOSEError } from 'jose/errors';
import type { Settings } from './settings.ts';

const ALGORITHMS = ['HS256'];
const SKEW_SECONDS = 30;
const CLAIMS = ['iss', 'aud', 'sub', 'role', 'iat', 'exp', 'jti'];
const ROLES: ReadonlySet<unknown> = new Set(['user', 'analyst', 'admin']);
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BEARER = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

export interface Principal {
  readonly userId: string;
  readonly role: string;
}

export type Verify = (authorization: string | null) => Promise<Principal | undefined>;

/** The caller named by an Authorization header; undefined for no token or one that is not ours (any more). */
export function createVerifier({ key, issuer, audience }: Settings['jwt']): Verify {
  const options = {
    algorithms: ALGORITHMS,
    issuer,
    audience,
    clockTolerance: SKEW_SECONDS,
    requiredClaims: CLAIMS,
  };
  return async (authorization) => {
    const token = authorization?.match(BEARER)?.[1];
    if (!token) return undefined;
    try {
      const { payload: { sub, role, iat } } = await jwtVerify(token, key, options);
      return typeof sub === 'string' && UUID.test(sub) && typeof role === 'string' && ROLES.has(role) &&
          hasBegun(iat)
        ? { userId: sub, role }
        : undefined;
    } catch (error) {
      if (error instanceof JOSEError) return undefined;
      throw error;
    }
  };
}

/** A token that says it is made later than now is not one of ours; the verifier checks `exp` and `nbf` only. */
function hasBegun(iat: number | undefined): boolean {
  return iat !== undefined && iat <= Date.now() / 1000 + SKEW_SECONDS;
}

/** The address the trusted edge saw: the last hop it appended. Earlier hops are the client's own words. */
export function clientAddress(forwardedFor: string | null, peer: string): string {
  const last = forwardedFor?.split(',').at(-1)?.trim().replace(/^\[(.*)\]$/, '$1') ?? '';
  return isIP(last) ? last : peer;
}

/** What stands for a client in the limiter: an IPv6 client has a whole /64 to pick addresses from. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array(zeros).fill('0'), ...back].slice(0, 4);
  return `${groups.map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
