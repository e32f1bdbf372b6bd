/**
 * Asks Redis in one round trip whether a token was revoked and whether the request is within its limits. The limits
 * follow the generic cell rate algorithm (GCRA).
 */

import type { Header } from './exchange.ts';

/** A limit and the subject it counts. */
export interface Quota {
  readonly name: string;
  readonly subject: string;
  readonly perMinute: number;
}

/** A login that may have been revoked. */
export interface Login {
  readonly userId: string;
  readonly sessionId?: string;
  readonly issuedAt: number;
}

export interface Admission {
  /** All must have room; when one has none, the script uses none of them. */
  readonly quotas: readonly Quota[];
  /** `otherwise` counts when the login was revoked, so that a stolen token does not use up its user's quota. */
  readonly login?: Login & { readonly otherwise: Quota };
}

export interface Decision {
  readonly isRevoked: boolean;
  readonly allowed: boolean;
  /** The quota that refused, or else the one with the least room. */
  readonly quota: Quota;
  readonly remaining: number;
  /** Seconds until the whole quota is there again. */
  readonly resetSeconds: number;
  /** Seconds until the next request is allowed; 0 when this one was. */
  readonly retrySeconds: number;
}

const MICROSECONDS_A_MINUTE = 60_000_000;
const WINDOW_SECONDS = 60;

/**
 * Redis stores one value per subject: the theoretical arrival time in microseconds of Redis's own clock, so that all
 * replicas of the gateway agree. A subject may spend its whole quota at once and regains it evenly over a minute.
 * ARGV[1]: when the token was issued, empty without a token. ARGV[2i], ARGV[2i+1]: microseconds per request of quota i,
 * and its burst in requests. KEYS with a token: the revocation of its user, that of its session, and the quota for a
 * revoked token; then in any case the quotas. The script compares times in whole seconds, as tokens have them.
 * Returns revoked, index of the decisive quota, allowed, remaining, microseconds until whole, microseconds until the next.
 */
export const ADMIT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local values = redis.call('MGET', unpack(KEYS))
local before, first, last, revoked = 0, 1, #KEYS, 0
if ARGV[1] ~= '' then
  before, first, last = 2, 2, #KEYS - 2
  local user, session = values[1], values[2]
  if session or (user and tonumber(ARGV[1]) < (tonumber(user) or math.huge)) then
    first, last, revoked = 1, 1, 1
  end
end
local decisive, left, whole, early = first, math.huge, 0, 0
local arrivals = {}
for i = first, last do
  local interval = tonumber(ARGV[2 * i])
  local tolerance = interval * tonumber(ARGV[2 * i + 1])
  local arrival = math.max(tonumber(values[before + i] or now), now)
  local over = arrival + interval - tolerance - now
  if over > 0 then
    if over > early then decisive, whole, early = i, arrival - now, over end
  elseif early == 0 and math.floor(-over / interval) < left then
    decisive, left, whole = i, math.floor(-over / interval), arrival + interval - now
  end
  arrivals[i] = arrival + interval
end
if early > 0 then return {revoked, decisive, 0, 0, whole, early} end
for i = first, last do
  local key, arrival = KEYS[before + i], arrivals[i]
  redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
end
return {revoked, decisive, 1, left, whole, 0}
`;

const keyOf = ({ name, subject }: Quota): string => `api-gateway:rate:${name}:${subject}`;

/** The quotas in the order of the script's keys. */
const countedQuotas = ({ quotas, login }: Admission): readonly Quota[] =>
  login ? [login.otherwise, ...quotas] : quotas;

/** Keys and arguments of the script, the number of keys first. */
export function admitWords(admission: Admission): string[] {
  const { login } = admission;
  const quotas = countedQuotas(admission);
  const words = [String(quotas.length + (login ? 2 : 0))];
  if (login) words.push(`revoked:user:${login.userId}`, `revoked:session:${login.sessionId ?? ''}`);
  for (const quota of quotas) words.push(keyOf(quota));
  words.push(login ? String(login.issuedAt) : '');
  for (const { perMinute } of quotas) {
    words.push(String(Math.max(1, Math.floor(MICROSECONDS_A_MINUTE / perMinute))), String(perMinute));
  }
  return words;
}

export function decisionFrom(admission: Admission, reply: unknown): Decision {
  const [revoked = 0, index = 0, allowed = 0, remaining = 0, reset = 0, retry = 0] = Array.isArray(reply)
    ? reply as number[]
    : [];
  const seconds = (microseconds: number) => Math.ceil(microseconds / 1_000_000);
  const quota = countedQuotas(admission)[index - 1];
  if (!quota) throw new Error('Redis answered about an unknown quota');
  return {
    isRevoked: revoked === 1,
    allowed: allowed === 1,
    quota,
    remaining,
    resetSeconds: seconds(reset),
    retrySeconds: seconds(retry),
  };
}

export function rateLimitHeaders({ quota: { perMinute }, remaining, resetSeconds }: Decision): Header[] {
  return [
    ['RateLimit-Limit', String(perMinute)],
    ['RateLimit-Policy', `${perMinute};w=${WINDOW_SECONDS}`],
    ['RateLimit-Remaining', String(remaining)],
    ['RateLimit-Reset', String(resetSeconds)],
  ];
}

export const retryAfter = ({ retrySeconds }: Decision): string => String(Math.max(1, retrySeconds));
