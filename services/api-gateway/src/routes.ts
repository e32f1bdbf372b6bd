/**
 * The routing table: which prefix goes to which service, and under which rules. The charts derive it from the platform's
 * topology and pass it as `GATEWAY_ROUTES` (JSON, an array of `Route`).
 */

export const ROLES = ['user', 'analyst', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** A coarse rule about roles; the services check in more detail. */
export interface Rule {
  /** Default: all methods. GET includes HEAD. */
  readonly methods?: readonly string[];
  /** Path below the prefix; `*` is one segment, `/**` at the end any number. */
  readonly path: string;
  readonly roles: readonly Role[];
}

export interface Route {
  /** Path prefix at the gateway, such as `/api/ai`. */
  readonly prefix: string;
  /** Name of the service behind it, for logs and metrics. */
  readonly service: string;
  /** Base URL of the service. */
  readonly upstream: string;
  /** Name and port of a headless Service, whose addresses are the replicas; the gateway chooses the least loaded. */
  readonly endpoints?: string;
  /** Replaces the prefix; empty to strip it. */
  readonly rewrite: string;
  /** Time until an answer begins. */
  readonly timeoutMs: number;
  /** Time until an answer is complete, without the request's body. Default: `timeoutMs`. */
  readonly deadlineMs?: number;
  /** Paths below the prefix that need no token (GET, HEAD, POST). */
  readonly public: readonly string[];
  /** The first matching rule decides; without one, every logged-in user may call. */
  readonly rules?: readonly Rule[];
  /** Requests a minute for one client address on this prefix, instead of the common limit. */
  readonly requestsPerMinute?: number;
}

const PATH = /^(\/[A-Za-z0-9_-]+)+$/;
const PUBLIC_PATH = /^(\/[A-Za-z0-9._-]+)+$/;
const RULE_PATH = /^(?:\/|(?:\/(?:[A-Za-z0-9._-]+|\*))*(?:\/\*\*)?)$/;
const HOST_AND_PORT = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?:[1-9]\d{0,4}$/;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Parses the table from JSON. Calls `fail` with what is wrong with it. */
export function parseRoutes(text: string, fail: (reason: string) => never): readonly Route[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    fail(`is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!Array.isArray(document) || document.length === 0) {
    fail(`is "${text}", expected a JSON array of routes`);
  }
  const routes = (document as unknown[]).map((item, index) => parseRoute(item, index, fail));
  const repeated = routes.find((route, index) =>
    routes.findIndex((other) => other.prefix === route.prefix) !== index
  );
  if (repeated) fail(`has the prefix "${repeated.prefix}" twice`);
  const changed = routes.find((route) =>
    routes.some((other) =>
      other.service === route.service &&
      (other.upstream !== route.upstream || other.endpoints !== route.endpoints)
    )
  );
  if (changed) fail(`has the service "${changed.service}" at two places`);
  return mostSpecificFirst(routes);
}

type Check = readonly [name: string, valid: (value: unknown) => boolean, expected: string];

const optional = (valid: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || valid(value);
const isText = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value);
const isListOf = (valid: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(valid);

const RULE_FIELDS: readonly Check[] = [
  ['methods', optional(isListOf((value) => (METHODS as readonly unknown[]).includes(value))), 'methods'],
  ['path', isText(RULE_PATH), 'a path such as /*/role'],
  ['roles', isListOf((value) => (ROLES as readonly unknown[]).includes(value)), 'roles'],
];

const ROUTE_FIELDS: readonly Check[] = [
  ['prefix', isText(PATH), 'a path such as /api/ai'],
  ['service', isText(/^[a-z0-9-]+$/), 'a service name'],
  ['upstream', (value) => typeof value === 'string' && isBaseUrl(value), 'a URL such as http://name:8000'],
  ['endpoints', optional(isText(HOST_AND_PORT)), 'a name and a port such as name-pods:8000'],
  ['rewrite', (value) => value === '' || isText(PATH)(value), 'a path or nothing'],
  ['timeoutMs', isMilliseconds, 'a number of milliseconds'],
  ['deadlineMs', optional(isMilliseconds), 'a number of milliseconds'],
  ['public', (value) => Array.isArray(value) && value.every(isText(PUBLIC_PATH)), 'an array of paths'],
  ['rules', optional(isListOf((value) => typeof value === 'object' && value !== null)), 'an array of rules'],
  ['requestsPerMinute', optional(isCount), 'a number of requests'],
];

function parseRoute(item: unknown, index: number, fail: (reason: string) => never): Route {
  const at = `[${index}]`;
  const route = checked(item, ROUTE_FIELDS, at, fail) as unknown as Route;
  route.rules?.forEach((rule, number) => checked(rule, RULE_FIELDS, `${at}.rules[${number}]`, fail));
  const upstream = new URL(route.upstream).origin;
  if (route.endpoints && !upstream.startsWith('http:')) {
    fail(`${at}.endpoints needs an http upstream: the certificate of ${upstream} names no addresses`);
  }
  if (route.deadlineMs !== undefined && route.deadlineMs < route.timeoutMs) {
    fail(`${at}.deadlineMs is ${route.deadlineMs}, expected at least timeoutMs`);
  }
  return { ...route, upstream };
}

/** The item, when it is an object with only these fields. */
function checked(
  item: unknown,
  fields: readonly Check[],
  at: string,
  fail: (reason: string) => never,
): Record<string, unknown> {
  if (typeof item !== 'object' || item === null) fail(`${at} is ${JSON.stringify(item)}, expected an object`);
  const record = item as Record<string, unknown>;
  for (const [name, valid, expected] of fields) {
    if (!valid(record[name])) {
      fail(`${at}.${name} is ${JSON.stringify(record[name])}, expected ${expected}`);
    }
  }
  const unknown = Object.keys(record).find((name) => !fields.some(([known]) => known === name));
  if (unknown) fail(`${at} has the unknown field "${unknown}"`);
  return record;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** At most a day: a timer of more than 2^31 ms (25 days) fires at once. */
function isMilliseconds(value: unknown): boolean {
  return isCount(value) && (value as number) <= 86_400_000;
}

/** An http(s) URL that is only an origin: paths belong in `rewrite`. */
function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.origin === value.replace(/\/$/, '');
}

function mostSpecificFirst(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted((a, b) => b.prefix.length - a.prefix.length || a.prefix.localeCompare(b.prefix));
}
