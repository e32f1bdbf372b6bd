/**
 * The routing table: which prefix goes to which service, and under which rules.
 *
 * `GATEWAY_ROUTES` replaces it whole (JSON, an array of `Route`), so that a platform with one more service needs no
 * new image; without it, the table below is used with the services' URLs from the environment.
 */

export interface Route {
  /** Path prefix at the gateway, such as `/api/ai`. */
  readonly prefix: string;
  /** Name of the service behind it, for logs and metrics. */
  readonly service: string;
  /** Base URL of the service. */
  readonly upstream: string;
  /** What takes the place of the prefix; empty to strip it. */
  readonly rewrite: string;
  /** Time for a whole call, response body included. */
  readonly timeoutMs: number;
  /** Paths below the prefix that may be posted to without a token. */
  readonly public: readonly string[];
  /** Requests a minute for one client address on this prefix, in place of the common limit. */
  readonly requestsPerMinute?: number;
}

type DefaultRoute = Omit<Route, 'upstream'> & { readonly upstreamVariable: string };

const STANDARD_MS = 30_000;
const SLOW_MS = 60_000;

export const DEFAULT_ROUTES: readonly DefaultRoute[] = [
  {
    prefix: '/api/ai',
    service: 'ai-assistant',
    upstreamVariable: 'AI_ASSISTANT_URL',
    rewrite: '',
    timeoutMs: SLOW_MS,
    public: [],
  },
  {
    prefix: '/api/1c',
    service: 'onec-integration',
    upstreamVariable: 'ONEC_INTEGRATION_URL',
    rewrite: '',
    timeoutMs: STANDARD_MS,
    public: [],
  },
  {
    prefix: '/api/users/auth',
    service: 'user-management',
    upstreamVariable: 'USER_MANAGEMENT_URL',
    rewrite: '/auth',
    timeoutMs: STANDARD_MS,
    public: ['/register', '/login'],
    requestsPerMinute: 10,
  },
  {
    prefix: '/api/users',
    service: 'user-management',
    upstreamVariable: 'USER_MANAGEMENT_URL',
    rewrite: '/users',
    timeoutMs: STANDARD_MS,
    public: [],
  },
  {
    prefix: '/api/analytics',
    service: 'analytics',
    upstreamVariable: 'ANALYTICS_URL',
    rewrite: '',
    timeoutMs: SLOW_MS,
    public: [],
  },
  {
    prefix: '/api/security',
    service: 'security',
    upstreamVariable: 'SECURITY_URL',
    rewrite: '',
    timeoutMs: STANDARD_MS,
    public: [],
  },
];

const PATH = /^(\/[A-Za-z0-9_-]+)+$/;

/** The built-in table. `urlOf` gives the value of a variable, `fail` refuses one. */
export function routesFromVariables(
  urlOf: (variable: string) => string,
  fail: (variable: string, reason: string) => never,
): readonly Route[] {
  const routes = DEFAULT_ROUTES.map(({ upstreamVariable, ...route }) => {
    const upstream = urlOf(upstreamVariable);
    if (!isBaseUrl(upstream)) {
      fail(upstreamVariable, `is "${upstream}", expected a URL such as http://name:8000`);
    }
    return { ...route, upstream: new URL(upstream).origin };
  });
  return mostSpecificFirst(routes);
}

/** A table given as JSON. `fail` gets what is wrong with it. */
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
  return mostSpecificFirst(routes);
}

const FIELDS: readonly [keyof Route, (value: unknown) => boolean, string][] = [
  ['prefix', (value) => typeof value === 'string' && PATH.test(value), 'a path such as /api/ai'],
  ['service', (value) => typeof value === 'string' && /^[a-z0-9-]+$/.test(value), 'a service name'],
  ['upstream', (value) => typeof value === 'string' && isBaseUrl(value), 'a URL such as http://name:8000'],
  [
    'rewrite',
    (value) => value === '' || (typeof value === 'string' && PATH.test(value)),
    'a path or nothing',
  ],
  ['timeoutMs', isCount, 'a number of milliseconds'],
  [
    'public',
    (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && PATH.test(item)),
    'an array of paths',
  ],
  ['requestsPerMinute', (value) => value === undefined || isCount(value), 'a number of requests'],
];

function parseRoute(item: unknown, index: number, fail: (reason: string) => never): Route {
  if (typeof item !== 'object' || item === null) {
    fail(`[${index}] is ${JSON.stringify(item)}, expected an object`);
  }
  const fields = item as Record<string, unknown>;
  for (const [name, valid, expected] of FIELDS) {
    if (!valid(fields[name])) {
      fail(`[${index}].${name} is ${JSON.stringify(fields[name])}, expected ${expected}`);
    }
  }
  const known: ReadonlySet<string> = new Set(FIELDS.map(([name]) => name));
  const unknown = Object.keys(fields).find((name) => !known.has(name));
  if (unknown) fail(`[${index}] has the unknown field "${unknown}"`);
  const route = item as Route;
  return { ...route, upstream: new URL(route.upstream).origin };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** An http(s) URL with nothing but an origin: paths belong into `rewrite`. */
function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.origin === value.replace(/\/$/, '');
}

function mostSpecificFirst(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted((a, b) => b.prefix.length - a.prefix.length || a.prefix.localeCompare(b.prefix));
}
