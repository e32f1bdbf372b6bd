/** Traefik's dynamic configuration: middlewares and connection settings, read by its file provider. */

import type { Config } from '../config/schema.ts';
import { toYaml } from '../constructs/yaml.ts';
import type { RouteSpec, ServiceSpec } from '../graph/model.ts';
import { corsOrigins, timeoutOf, transportName } from './names.ts';

const DEFAULT_BURST = 10;
/** Clients that can fill a route's body buffers at once; the edge refuses more until there is room. */
const CLIENTS_AT_ONCE = 4;
/** Traefik sets this header to the name of its pod, so a limit by this header counts all requests. */
const SAME_FOR_ALL = 'X-Forwarded-Server';

const burstOf = (route: RouteSpec): number => route.burst ?? DEFAULT_BURST;
const isBuffered = (route: RouteSpec): boolean => !route.streams;

/** MiB of request bodies that may wait in files at once. */
export const waitingMiB = (config: Config, services: readonly ServiceSpec[]): number =>
  config.edge.maxBodyMiB *
  CLIENTS_AT_ONCE *
  services.reduce((bodies, { route }) => bodies + (route && isBuffered(route) ? burstOf(route) : 0), 0);

/** Middlewares of a route, in the order they run. */
export function middlewaresOf({ name, route }: ServiceSpec): readonly string[] {
  if (!route) return [];
  return [
    'security-headers',
    'cors',
    `limit-${name}`,
    ...(isBuffered(route) ? [`open-${name}`, `places-${name}`, 'body-limit'] : []),
    // Services strip the prefix themselves, but pods of an older release, which serve during a rollout, do
    // not.
    ...(route.stripPrefix === false ? [] : [`strip-${name}`]),
    'compress',
    'retry',
  ];
}

const pageLimit = (service: string): string => `limit-${service}-pages`;

/** For pages: no CORS, because no other origin may read them. The gateway's own security headers stay. */
export const pageMiddlewaresOf = ({ name }: ServiceSpec): readonly string[] => [
  'page-headers',
  pageLimit(name),
  'compress',
  'retry',
];

function securityHeaders(config: Config): Readonly<Record<string, unknown>> {
  return {
    frameDeny: true,
    contentTypeNosniff: true,
    referrerPolicy: 'strict-origin-when-cross-origin',
    // Scripts come only from this origin; the services' pages contain inline styles and pictures.
    contentSecurityPolicy:
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    stsSeconds: 31_536_000,
    stsIncludeSubdomains: config.tier !== 'local',
    // Clients must not set these: the token alone says who the user is.
    customRequestHeaders: { 'X-User-Id': '', 'X-User-Role': '' },
    customResponseHeaders: { Server: '' },
  };
}

/** Leaves out the headers that would overwrite the gateway's own on its pages. */
function pageHeaders(config: Config): Readonly<Record<string, unknown>> {
  const { contentSecurityPolicy: _policy, referrerPolicy: _referrer, ...headers } = securityHeaders(config);
  return headers;
}

/** Which client address the limits count. */
function clientOf({ edge: { trustedProxies, proxyDepth } }: Config): Readonly<Record<string, unknown>> {
  if (trustedProxies.length > 0 && proxyDepth === undefined) return { excludedIPs: trustedProxies };
  return {
    ...(proxyDepth === undefined ? {} : { depth: proxyDepth }),
    // An IPv6 client has many addresses, so the limits count its network.
    ipv6Subnet: 64,
  };
}

/** Allows each client address `average` requests a minute and `burst` at once. */
const limit = (average: number, burst: number, ipStrategy: unknown) => ({
  rateLimit: { average, period: '1m', burst, sourceCriterion: { ipStrategy } },
});

function pageMiddlewares(config: Config, services: readonly ServiceSpec[]): Record<string, unknown> {
  const limits = services.flatMap(({ name, pages }) =>
    pages ? [[pageLimit(name), limit(config.settings.rateLimit, pages.burst, clientOf(config))]] : [],
  );
  return limits.length > 0
    ? { 'page-headers': { headers: pageHeaders(config) }, ...Object.fromEntries(limits) }
    : {};
}

function middlewares(config: Config, services: readonly ServiceSpec[]): Record<string, unknown> {
  const ipStrategy = clientOf(config);
  const shared: Record<string, unknown> = {
    'security-headers': { headers: securityHeaders(config) },
    cors: {
      headers: {
        accessControlAllowOriginList: corsOrigins(config),
        accessControlAllowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
        accessControlAllowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id', 'Traceparent'],
        accessControlExposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining'],
        accessControlMaxAge: 600,
        addVaryHeader: true,
      },
    },
    // Buffers the body, so routes whose answers stream do without; their services limit the size themselves.
    'body-limit': {
      buffering: { maxRequestBodyBytes: config.edge.maxBodyMiB * 2 ** 20, memRequestBodyBytes: 2 ** 20 },
    },
    compress: { compress: { excludedContentTypes: ['text/event-stream'] } },
    // Retries only failed connections: Traefik never sends a request twice.
    retry: { retry: { attempts: 3, initialInterval: '50ms' } },
  };
  for (const { name, route } of services) {
    if (!route) continue;
    const average = route.requestsPerMinute ?? config.settings.rateLimit;
    shared[`limit-${name}`] = limit(average, burstOf(route), ipStrategy);
    if (route.stripPrefix !== false) shared[`strip-${name}`] = { stripPrefix: { prefixes: [route.path] } };
    if (!isBuffered(route)) continue;
    shared[`open-${name}`] = { inFlightReq: { amount: burstOf(route), sourceCriterion: { ipStrategy } } };
    shared[`places-${name}`] = {
      inFlightReq: {
        amount: CLIENTS_AT_ONCE * burstOf(route),
        sourceCriterion: { requestHeaderName: SAME_FOR_ALL },
      },
    };
  }
  return { ...shared, ...pageMiddlewares(config, services) };
}

function transports(services: readonly ServiceSpec[]): Record<string, unknown> {
  const seconds = new Set(services.map(timeoutOf));
  return Object.fromEntries(
    [...seconds].map((timeout) => [
      transportName(timeout),
      {
        maxIdleConnsPerHost: 64,
        forwardingTimeouts: {
          dialTimeout: '2s',
          responseHeaderTimeout: `${timeout}s`,
          idleConnTimeout: '60s',
        },
      },
    ]),
  );
}

/** The file, as YAML. */
export function dynamicConfiguration(config: Config, services: readonly ServiceSpec[]): string {
  return toYaml({
    http: { middlewares: middlewares(config, services), serversTransports: transports(services) },
    tls: { options: { default: { minVersion: 'VersionTLS12', sniStrict: false } } },
  });
}
