/** The gateway's own operations: liveness, readiness, metrics and its description. */
import { type Context, Hono } from 'hono';
import type { ApiDescription } from './api_description.ts';
import type { Lifecycle } from './lifecycle.ts';
import { describe, type Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
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
  readonly description: ApiDescription;
}

export function createOperations(parts: OperationsParts): Hono {
  const { metrics, description } = parts;
  const app = new Hono();
  app.get('/live', (context) => context.json({ status: 'ok' }));
  app.get('/health', (context) => health(context, parts));
  app.get(
    '/metrics',
    async (context) => context.body(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
  app.get(
    '/openapi.json',
    async (context) =>
      context.body(await description.document(), 200, { 'Content-Type': 'application/json' }),
  );
  app.onError((error) => {
    throw error;
  });
  return app;
}

async function health(context: Context, parts: OperationsParts): Promise<Response> {
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
