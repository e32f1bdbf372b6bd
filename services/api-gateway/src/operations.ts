/** What the gateway answers by itself: liveness, readiness, metrics and its description. */
import type { Hono } from 'hono';
import type { GatewayContext, GatewayEnv } from './context.ts';
import type { Lifecycle } from './lifecycle.ts';
import { describe, type Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { describeApi } from './openapi.ts';
import type { LimitStore } from './redis.ts';
import type { Settings } from './settings.ts';

export const SERVICE = 'api-gateway';

type Status = 'ok' | 'unavailable';
interface Check {
  readonly status: Status;
  readonly latency_ms?: number;
}

export interface OperationsParts {
  readonly settings: Settings;
  readonly store: LimitStore;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
}

export function installOperations(app: Hono<GatewayEnv>, parts: OperationsParts): void {
  const { settings, metrics, lifecycle } = parts;
  const description = describeApi(settings.routes, settings.version);
  const get = (path: string, answer: (context: GatewayContext) => Response | Promise<Response>) =>
    app.get(path, (context) => {
      context.set('route', path);
      return answer(context);
    });

  get('/live', (context) => context.json({ status: 'ok' }));
  get('/openapi.json', (context) => context.json(description));
  get(
    '/metrics',
    async (context) => context.body(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
  get('/health', async (context) => {
    const checks: Record<string, Check> = { redis: await checkRedis(parts) };
    if (lifecycle.draining) checks.lifecycle = { status: 'unavailable' };
    const status: Status = Object.values(checks).every((check) => check.status === 'ok')
      ? 'ok'
      : 'unavailable';
    const report = { status, service: SERVICE, version: settings.version, checks };
    return context.json(report, status === 'ok' ? 200 : 503);
  });
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
