/** What the integration tests share: a gateway on a free port, services behind it, tokens and a Redis. */
import { SignJWT } from 'jose';
import { createGateway } from '../src/app.ts';
import { Lifecycle } from '../src/lifecycle.ts';
import { Logger } from '../src/logging.ts';
import type { Decision, Quota } from '../src/rate_limit.ts';
import type { LimitStore } from '../src/redis.ts';
import type { Route } from '../src/routes.ts';
import type { Settings } from '../src/settings.ts';

export const KEY = 'a key for the tests, of 32 bytes or more';
export const USER_ID = '6f1c0a52-7a0e-4c39-9d43-0a8f5b1f7c11';

export function assert(condition: unknown, message = 'assertion failed'): asserts condition {
  if (!condition) throw new Error(message);
}

export function assertEquals(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  assert(a === b, `got ${a}, expected ${b}`);
}

export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 5_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    assert(performance.now() < end, 'the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface TokenOptions {
  readonly claims?: Record<string, unknown>;
  readonly key?: string;
  readonly algorithm?: string;
  readonly expiresIn?: number;
}

export function token({ claims = {}, key = KEY, algorithm = 'HS256', expiresIn = 600 }: TokenOptions = {}) {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: 'ai-assistants',
    aud: 'ai-assistants',
    sub: USER_ID,
    role: 'analyst',
    jti: 'a-token',
    iat: now,
    exp: now + expiresIn,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: algorithm }).sign(new TextEncoder().encode(key));
}

export const bearer = async (options?: TokenOptions) => ({ Authorization: `Bearer ${await token(options)}` });

export interface Service {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A service behind the gateway. */
export function startService(handler: Deno.ServeHandler, port = 0): Service {
  const server = Deno.serve({ hostname: '127.0.0.1', port, onListen: () => {} }, handler);
  const { port: actual } = server.addr as Deno.NetAddr;
  return { url: `http://127.0.0.1:${actual}`, port: actual, close: () => server.shutdown() };
}

/** A port nothing listens on. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

export function route(upstream: string, changes: Partial<Route> = {}): Route {
  return {
    prefix: '/api/ai',
    service: 'ai-assistant',
    upstream,
    rewrite: '',
    timeoutMs: 5_000,
    public: [],
    ...changes,
  };
}

export function settingsFor(routes: readonly Route[], changes: Partial<Settings> = {}): Settings {
  return {
    environment: 'dev',
    logLevel: 'info',
    host: '127.0.0.1',
    port: 0,
    version: '1.2.3',
    drainSeconds: 0,
    shutdownTimeoutSeconds: 5,
    maxBodyBytes: 1_000_000,
    redis: { host: '127.0.0.1', port: 1 },
    jwt: { key: new TextEncoder().encode(KEY), issuer: 'ai-assistants', audience: 'ai-assistants' },
    rateLimit: 1000,
    corsOrigins: ['https://app.example.com'],
    routes,
    ...changes,
  };
}

/** Lets everything through, and remembers what it was asked. */
export class GenerousStore implements LimitStore {
  readonly quotas: Quota[] = [];

  ping(): Promise<void> {
    return Promise.resolve();
  }

  consume(quota: Quota): Promise<Decision> {
    this.quotas.push(quota);
    return Promise.resolve({ allowed: true, remaining: 9, resetSeconds: 1, retrySeconds: 0 });
  }
}

/** A store whose Redis is away. */
export class AbsentStore implements LimitStore {
  ping(): Promise<void> {
    return Promise.reject(new Error('away'));
  }

  consume(): Promise<Decision> {
    return Promise.reject(new Error('away'));
  }
}

export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  readonly lifecycle: Lifecycle;
  readonly log: Record<string, unknown>[];
  /** The access line of a request. */
  accessLine(requestId: string): Promise<Record<string, unknown>>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function startGateway(settings: Settings, store: LimitStore = new GenerousStore()): RunningGateway {
  const log: Record<string, unknown>[] = [];
  const logger = new Logger('api-gateway', settings.version, 'debug', (line) => log.push(JSON.parse(line)));
  const lifecycle = new Lifecycle();
  const gateway = createGateway({ settings, store, logger, lifecycle });
  const server = gateway.listen({ hostname: '127.0.0.1', port: 0, onListen: () => {} });
  const { port } = server.addr;
  const find = (requestId: string) =>
    log.find((line) => line.logger === 'gateway.access' && line.request_id === requestId);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    lifecycle,
    log,
    async accessLine(requestId) {
      await waitUntil(() => find(requestId) !== undefined);
      return find(requestId) ?? {};
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      gateway.close();
    },
  };
}

/** One request written by hand; the answer as text. */
export async function rawRequest(port: number, head: string): Promise<string> {
  using connection = await Deno.connect({ hostname: '127.0.0.1', port });
  await connection.write(new TextEncoder().encode(head));
  const buffer = new Uint8Array(16_384);
  const length = await connection.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length));
}
