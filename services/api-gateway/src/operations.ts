/** What the gateway answers by itself: liveness, readiness, metrics and its description. */
import { type Context, Hono } from 'hono';
import type { Catalogue } from './catalogue.ts';
import type { Exchange } from './exchange.ts';
import type { Lifecycle } from './lifecycle.ts';
import { describe, type Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import type { Store } from './redis.ts';
import type { Settings } from './settings.ts';

export const SERVICE = 'api-gateway';

type Status = 'ok' | 'unavailable';
interface Check {
  readonly status: Status;
  readonly latency_ms?: number;
}

export interface OperationsParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly catalogue: Catalogue;
}

export interface OperationsEnv {
  Bindings: { exchange: Exchange };
}

type OperationContext = Context<OperationsEnv>;

export function createOperations(parts: OperationsParts): Hono<OperationsEnv> {
  const { metrics, catalogue } = parts;
  const app = new Hono<OperationsEnv>();
  const get = (path: string, answer: (context: OperationContext) => Response | Promise<Response>) => {
    app.use(path, async (context, next) => {
      context.env.exchange.route = path;
      await next();
    });
    app.get(path, answer);
    app.all(path, () => {
      throw new Problem(405, 'This is only there to be read.', { Allow: 'GET, HEAD' });
    });
  };

  get('/live', (context) => context.json({ status: 'ok' }));
  get('/health', (context) => health(context, parts));
  get(
    '/metrics',
    async (context) => context.body(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
  get(
    '/openapi.json',
    async (context) => context.body(await catalogue.document(), 200, { 'Content-Type': 'application/json' }),
  );
  app.onError((error) => {
    throw error;
  });
  return app;
}

async function health(context: OperationContext, parts: OperationsParts): Promise<Response> {
  const checks: Record<string, Check> = { redis: await checkRedis(parts) };
  if (parts.lifecycle.draining) checks.lifecycle = { status: 'unavailable' };
  const status: Status = Object.values(checks).every((check) => check.status === 'ok') ? 'ok' : 'unavailable';
  const report = { status, service: SERVICE, version: parts.settings.version, checks };
  return context.json(report, status === 'ok' ? 200 : 503);
}

async function checkRedis({ store, logger }: OperationsParts): Promise<Check> {
  const started = performance.now();
  try {
    await store.ping();
    return { status: 'ok', latency_ms: Math.round((performance.now() - started) * 100) / 100 };
  } catch (error) {
    logger.warning('health check failed', { check: 'redis', error: describe(error) });
    return { status: 'unavailable' };
  }
}
