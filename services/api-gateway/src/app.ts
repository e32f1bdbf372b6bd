/** The gateway, put together. */
import { Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import {
  acceptRequestId,
  acceptTraceparent,
  type GatewayContext,
  type GatewayEnv,
  UNMATCHED_ROUTE,
} from './context.ts';
import { clientAddress, createVerifier } from './identity.ts';
import type { Lifecycle } from './lifecycle.ts';
import { Limiter } from './limiter.ts';
import { describe, type Logger } from './logging.ts';
import { Metrics } from './metrics.ts';
import { installOperations } from './operations.ts';
import { Problem, problemResponse } from './problems.ts';
import { createProxy } from './proxy.ts';
import type { LimitStore } from './redis.ts';
import { rawTarget } from './routing.ts';
import type { Settings } from './settings.ts';
import { Upstream } from './upstream.ts';

const OPERATIONAL = new Set(['/live', '/health', '/metrics']);
const PREFLIGHT_SECONDS = 600;

export interface Parts {
  readonly settings: Settings;
  readonly store: LimitStore;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

export interface Gateway {
  /** Begins to serve. */
  listen(options: Deno.ServeTcpOptions): Deno.HttpServer<Deno.NetAddr>;
  /** Gives the connections to the services up. */
  close(): void;
}

export function createGateway({ settings, store, logger, lifecycle }: Parts): Gateway {
  const metrics = new Metrics(settings.version);
  const upstreams = new Map(
    settings.routes.map(({ service }) => service).filter(isFirst).map((
      name,
    ) => [name, new Upstream(name, metrics)]),
  );
  const app = new Hono<GatewayEnv>();
  app.use(observe(metrics, logger, lifecycle));
  app.use('/api/*', corsFor(settings));
  installOperations(app, { settings, store, metrics, lifecycle, logger });
  const limiter = new Limiter(store, metrics, logger);
  app.all('*', createProxy({ settings, verify: createVerifier(settings.jwt), limiter, upstreams }));
  app.onError((error, context) => problemResponse(context, toProblem(error, context, logger)));
  return {
    // What fails inside a request is answered above: only an answer that broke off in the middle comes here.
    listen: (options) => Deno.serve({ ...options, onError: (error) => brokenOff(error, logger) }, app.fetch),
    close: () => upstreams.forEach((upstream) => upstream.close()),
  };
}

function brokenOff(error: unknown, logger: Logger): Response {
  logger.warning('an answer broke off', { error: describe(error) });
  return new Response(null, { status: 502 });
}

const isFirst = (name: string, index: number, all: string[]) => all.indexOf(name) === index;

/** Gives a request its id and trace context, writes the access line and measures it when its answer is complete. */
function observe(metrics: Metrics, logger: Logger, lifecycle: Lifecycle): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    const started = performance.now();
    const { method, headers } = context.req.raw;
    context.set('requestId', acceptRequestId(headers.get('x-request-id') ?? undefined));
    context.set('traceparent', acceptTraceparent(headers.get('traceparent') ?? undefined));
    context.set('route', UNMATCHED_ROUTE);
    context.set('client', clientAddress(headers.get('x-forwarded-for'), peerOf(context.env)));
    context.header('X-Request-Id', context.get('requestId'));
    if (lifecycle.draining) context.header('Connection', 'close');
    await next();
    const record = (status: number) => {
      const seconds = (performance.now() - started) / 1000;
      metrics.request(method, context.get('route'), status, seconds);
      writeAccessLine(context, logger, status, seconds);
    };
    const completion = context.get('completion');
    if (completion) void completion.then(record);
    else record(context.res.status);
  };
}

function writeAccessLine(context: GatewayContext, logger: Logger, status: number, seconds: number): void {
  const { path } = rawTarget(context.req.raw.url);
  const level = OPERATIONAL.has(path) && status < 500 ? 'debug' : 'info';
  logger.log(level, 'gateway.access', 'request served', {
    request_id: context.get('requestId'),
    trace_id: context.get('traceparent').split('-')[1],
    method: context.req.raw.method,
    path,
    route: context.get('route'),
    status,
    duration_ms: Math.round(seconds * 1e6) / 1000,
    upstream: context.get('upstream'),
    user_id: context.get('userId'),
    client: context.get('client'),
  });
}

function peerOf({ remoteAddr }: Deno.ServeHandlerInfo): string {
  return 'hostname' in remoteAddr ? remoteAddr.hostname : 'unknown';
}

/** Without listed origins nothing is allowed across origins, and preflights get no allowance. */
function corsFor({ corsOrigins }: Settings): MiddlewareHandler<GatewayEnv> {
  return cors({
    origin: [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'X-Request-Id',
      'traceparent',
    ],
    exposeHeaders: [
      'ETag',
      'Location',
      'RateLimit-Limit',
      'RateLimit-Policy',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'Retry-After',
      'X-Request-Id',
    ],
    maxAge: PREFLIGHT_SECONDS,
  });
}

function toProblem(error: unknown, context: GatewayContext, logger: Logger): Problem {
  const request_id = context.get('requestId');
  if (error instanceof Problem) {
    if (error.cause) {
      logger.warning(error.message, {
        request_id,
        upstream: context.get('upstream'),
        error: describe(error.cause),
      });
    }
    return error;
  }
  logger.error('unexpected error', error, { request_id });
  return new Problem(500, 'The request could not be completed. Quote request_id when you report it.');
}
