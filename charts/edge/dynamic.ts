/** Traefik's dynamic configuration: middlewares and connection settings, read by its file provider. */

import type { Config } from '../config/schema.ts';
import { toYaml } from '../constructs/yaml.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { timeoutOf, transportName } from './names.ts';

const DEFAULT_BURST = 10;

/** MiB of bodies that may wait in files at once when one client uses up what its limits let through in a moment. */
export const waitingMiB = (config: Config, services: readonly ServiceSpec[]): number =>
  config.edge.maxBodyMiB *
  services.reduce(
    (bodies, { route }) => bodies + (route && !route.streams ? (route.burst ?? DEFAULT_BURST) : 0),
    0,
  );

/** Middlewares of a route, in the order they run. */
export function middlewaresOf({ name, route }: ServiceSpec): readonly string[] {
  if (!route) return [];
  return [
    'security-headers',
    'cors',
    `limit-${name}`,
    ...(route.streams ? [] : ['body-limit']),
    ...(route.stripPrefix === false ? [] : [`strip-${name}`]),
    'compress',
    'retry',
  ];
}

function securityHeaders(config: Config): Readonly<Record<string, unknown>> {
  return {
    frameDeny: true,
    contentTypeNosniff: true,
    referrerPolicy: 'strict-origin-when-cross-origin',
    // No scripts but our own files'; pages of the services bring their style and pictures with them.
    contentSecurityPolicy:
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    stsSeconds: 31_536_000,
    stsIncludeSubdomains: config.environment !== 'dev',
    // Identity comes from the token alone.
    customRequestHeaders: { 'X-User-Id': '', 'X-User-Role': '' },
    customResponseHeaders: { Server: '' },
  };
}

function middlewares(config: Config, services: readonly ServiceSpec[]): Record<string, unknown> {
  const shared: Record<string, unknown> = {
    'security-headers': { headers: securityHeaders(config) },
    cors: {
      headers: {
        accessControlAllowOriginList: config.settings.corsOrigins,
        accessControlAllowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
        accessControlAllowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id', 'Traceparent'],
        accessControlExposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining'],
        accessControlMaxAge: 600,
        addVaryHeader: true,
      },
    },
    // Buffers the body, so it is not put before answers that stream; those services count for themselves.
    'body-limit': {
      buffering: { maxRequestBodyBytes: config.edge.maxBodyMiB * 2 ** 20, memRequestBodyBytes: 2 ** 20 },
    },
    compress: { compress: { excludedContentTypes: ['text/event-stream'] } },
    // Only when no connection could be made: a request that was sent is never sent twice.
    retry: { retry: { attempts: 3, initialInterval: '50ms' } },
  };
  for (const { name, route } of services) {
    if (!route) continue;
    shared[`limit-${name}`] = {
      rateLimit: {
        average: route.requestsPerMinute ?? config.settings.rateLimit,
        period: '1m',
        burst: route.burst ?? DEFAULT_BURST,
        // Of an IPv6 client, its network: one client has as many addresses as it likes.
        sourceCriterion: { ipStrategy: { ipv6Subnet: 64 } },
      },
    };
    if (route.stripPrefix !== false) shared[`strip-${name}`] = { stripPrefix: { prefixes: [route.path] } };
  }
  return shared;
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
