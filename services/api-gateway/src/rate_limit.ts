/** Rate limiting by the generic cell rate algorithm, decided atomically in Redis. */

/** A limit and whom it is counted for. */
export interface Quota {
  readonly name: string;
  readonly subject: string;
  readonly perMinute: number;
}

export interface Decision {
  readonly allowed: boolean;
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
 * gateway agrees. A subject may spend its whole quota at once and gets it back evenly over a minute.
 * KEYS[1] subject; ARGV[1] microseconds a request, ARGV[2] requests that may come at once.
 * Returns allowed, remaining, microseconds until whole, microseconds until the next.
 */
export const GCRA = `
local interval = tonumber(ARGV[1])
local tolerance = interval * tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next_arrival = arrival + interval
local early = next_arrival - tolerance - now
if early > 0 then
  return {0, 0, arrival - now, early}
end
redis.call('SET', KEYS[1], string.format('%.0f', next_arrival), 'PX', math.ceil((next_arrival - now) / 1000))
return {1, math.floor(-early / interval), next_arrival - now, 0}
`;

/** Key and arguments of the script for one request of a quota. */
export function gcraArguments({ name, subject, perMinute }: Quota): { key: string; args: [string, string] } {
  const interval = Math.max(1, Math.floor(MICROSECONDS_A_MINUTE / perMinute));
  return { key: `api-gateway:rate:${name}:${subject}`, args: [String(interval), String(perMinute)] };
}

export function decisionFrom(reply: readonly number[]): Decision {
  const [allowed = 0, remaining = 0, reset = 0, retry = 0] = reply;
  const seconds = (microseconds: number) => Math.ceil(microseconds / 1_000_000);
  return { allowed: allowed === 1, remaining, resetSeconds: seconds(reset), retrySeconds: seconds(retry) };
}

export function rateLimitHeaders(quota: Quota, decision: Decision): Record<string, string> {
  return {
    'RateLimit-Limit': String(quota.perMinute),
    'RateLimit-Policy': `${quota.perMinute};w=${WINDOW_SECONDS}`,
    'RateLimit-Remaining': String(decision.remaining),
    'RateLimit-Reset': String(decision.resetSeconds),
    ...(decision.allowed ? {} : { 'Retry-After': String(Math.max(1, decision.retrySeconds)) }),
  };
}
