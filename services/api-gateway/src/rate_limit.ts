/**
 * What Redis decides about a request, in one round trip: whether its token was revoked, and whether it is within its
 * limits. The limits follow the generic cell rate algorithm.
 */

import type { Header } from './exchange.ts';

/** A limit and whom it is counted for. */
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
  /** All of them must have room; none is used when one has not. */
  readonly quotas: readonly Quota[];
  /** With the quota that counts instead when the login was revoked: its user is not to pay for what others send. */
  readonly login?: Login & { readonly otherwise: Quota };
}

export interface Decision {
  readonly isRevoked: boolean;
  readonly allowed: boolean;
  /** The quota that leaves the least room, or that refused. */
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
 * One value a subject: the theoretical arrival time, in microseconds of Redis's own clock, so that every replica of the
 * gateway agrees. A subject may spend its whole quota at once and gets it back evenly over a minute. Several requests may
 * ask at once: they are counted in their order, and those are refused for which there is no room any more.
 * ARGV[1] when the token was issued, empty without one; ARGV[2i], ARGV[2i+1] microseconds a request of quota i and
 * requests that may come at once; the last one how many ask. KEYS: with a token its user's and its session's revocation,
 * then the quota of a revoked one; then the quotas. Times are compared in whole seconds, as tokens have them.
 * Returns revoked, how many may pass; of the quota with the least room its index, its room before, microseconds until it
 * was whole; of the quota that refuses the others its index, microseconds until it is whole, and until the next may pass.
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
local asking = tonumber(ARGV[#ARGV])
local arrivals, intervals, tolerances = {}, {}, {}
local least, room = first, math.huge
for i = first, last do
  intervals[i] = tonumber(ARGV[2 * i])
  tolerances[i] = intervals[i] * tonumber(ARGV[2 * i + 1])
  arrivals[i] = math.max(tonumber(values[before + i] or now), now)
  local free = math.floor((now + tolerances[i] - arrivals[i]) / intervals[i])
  if free < room then least, room = i, free end
end
local whole = arrivals[least] - now
local passing = math.max(0, math.min(asking, room))
if passing > 0 then
  for i = first, last do
    arrivals[i] = arrivals[i] + passing * intervals[i]
    redis.call('SET', KEYS[before + i], string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000))
  end
end
local refusing, early = first, 0
if passing < asking then
  for i = first, last do
    local over = arrivals[i] + intervals[i] - tolerances[i] - now
    if over > early then refusing, early = i, over end
  end
end
return {revoked, passing, least, room, whole, refusing, arrivals[refusing] - now, early}
`;

/** Microseconds a request. */
const interval = ({ perMinute }: Quota): number => Math.max(1, Math.floor(MICROSECONDS_A_MINUTE / perMinute));
const inSeconds = (microseconds: number): number => Math.ceil(microseconds / 1_000_000);

const keyOf = ({ name, subject }: Quota): string => `api-gateway:rate:${name}:${subject}`;

/** The quotas as the script counts them. */
const countedQuotas = ({ quotas, login }: Admission): readonly Quota[] =>
  login ? [login.otherwise, ...quotas] : quotas;

/** Keys and arguments of the script, the number of keys first; all but how many ask. */
export function admitWords(admission: Admission): string[] {
  const { login } = admission;
  const quotas = countedQuotas(admission);
  const words = [String(quotas.length + (login ? 2 : 0))];
  if (login) words.push(`revoked:user:${login.userId}`, `revoked:session:${login.sessionId ?? ''}`);
  for (const quota of quotas) words.push(keyOf(quota));
  words.push(login ? String(login.issuedAt) : '');
  for (const quota of quotas) {
    words.push(String(interval(quota)), String(quota.perMinute));
  }
  return words;
}

/** @param place of the request among those that asked together, from 1. */
export function decisionFrom(admission: Admission, reply: unknown, place: number): Decision {
  const [revoked = 0, passing = 0, least = 0, room = 0, whole = 0, refusing = 0, wholeAfter = 0, early = 0] =
    Array.isArray(reply) ? reply as number[] : [];
  const allowed = place <= passing;
  const quota = countedQuotas(admission)[(allowed ? least : refusing) - 1];
  if (!quota) throw new Error('Redis answered about an unknown quota');
  return {
    isRevoked: revoked === 1,
    allowed,
    quota,
    remaining: allowed ? room - place : 0,
    resetSeconds: inSeconds(allowed ? whole + place * interval(quota) : wholeAfter),
    retrySeconds: allowed ? 0 : inSeconds(early),
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
