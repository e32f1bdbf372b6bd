/** Shared code of the integration tests: a gateway on a free port, services behind it, tokens and a Redis. */
import { SignJWT } from 'jose';
import { createGateway } from '../src/app.ts';
import type { Client } from '../src/exchange.ts';
import { Lifecycle } from '../src/lifecycle.ts';
import { Logger } from '../src/logging.ts';
import type { Admission, Decision, Quota } from '../src/rate_limit.ts';
import type { Store } from '../src/redis.ts';
import type { Route } from '../src/routes.ts';
import type { WebSocketLimits } from '../src/bridge.ts';
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

/** The longest wait of a test. A test reaches it only when the awaited event never comes. */
export const PATIENCE_MS = 60_000;
const PAUSE_MS = 10;
/** The gateway checks its time limits more often than this. */
const LOOKS_MS = 60;
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert(Date.now() < end, 'the condition did not come true in time');
    await pause(PAUSE_MS);
  }
}

/** Waits until a value stays the same for many turns of the event loop, so that no work of this process is left. */
export async function settled(value: () => number): Promise<void> {
  for (let last = NaN, turns = 0; turns < 20; turns++) {
    const now = value();
    if (now !== last) [last, turns] = [now, 0];
    await pause(PAUSE_MS);
  }
}

const machine = performance.now.bind(performance);
let ahead = 0;

/**
 * Moves `performance.now()` forward, which the gateway uses for its time limits, and lets the gateway check them. The
 * clock never moves back. `setTimeout` and `Date` do not change.
 */
export async function passTime(milliseconds: number): Promise<void> {
  ahead += milliseconds;
  performance.now = () => machine() + ahead;
  await pause(LOOKS_MS);
}

export interface TokenOptions {
  readonly claims?: Record<string, unknown>;
  readonly key?: string;
  readonly algorithm?: string;
  readonly expiresIn?: number;
}

/** The claims of a token of the platform, with changes. */
export function claimsOf(changes: Record<string, unknown> = {}, expiresIn = 600): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: 'ai-assistants',
    aud: 'ai-assistants',
    sub: USER_ID,
    role: 'analyst',
    jti: 'a-token',
    iat: now,
    exp: now + expiresIn,
    ...changes,
  };
}

export function token({ claims = {}, key = KEY, algorithm = 'HS256', expiresIn = 600 }: TokenOptions = {}) {
  return new SignJWT(claimsOf(claims, expiresIn)).setProtectedHeader({ alg: algorithm })
    .sign(new TextEncoder().encode(key));
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

const [FIRST_PORT, PORTS_A_PROCESS, PROCESSES] = [20_000, 30, 400];
let given = 0;

/**
 * A free port that no other test run takes: below the range of ephemeral ports, in a block of this process.
 */
export function freePort(): number {
  for (let tries = 0; tries < PORTS_A_PROCESS; tries++) {
    const port = FIRST_PORT + Deno.pid % PROCESSES * PORTS_A_PROCESS + given++ % PORTS_A_PROCESS;
    try {
      Deno.listen({ hostname: '127.0.0.1', port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`no free port among the ${PORTS_A_PROCESS} of this process`);
}

export function route(upstream: string, changes: Partial<Route> = {}): Route {
  return {
    prefix: '/api/ai',
    service: 'ai-assistant',
    upstream,
    rewrite: '',
    timeoutMs: PATIENCE_MS,
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
    shutdownTimeoutSeconds: PATIENCE_MS / 1000,
    maxBodyBytes: 1_000_000,
    headTimeoutSeconds: PATIENCE_MS / 1000,
    maxConnections: 1_000,
    bodyTimeoutSeconds: PATIENCE_MS / 1000,
    uploadSeconds: PATIENCE_MS / 1000,
    streamIdleSeconds: PATIENCE_MS / 1000,
    redis: { host: '127.0.0.1', port: 1, isSecure: false, caFile: '' },
    jwt: {
      algorithm: 'HS256',
      issuer: 'ai-assistants',
      audience: 'ai-assistants',
    },
    trustedProxies: [],
    secrets: { jwtKeys: [new TextEncoder().encode(KEY)], redisPasswords: [] },
    rateLimit: 1000,
    corsOrigins: ['https://app.example.com'],
    routes,
    ...changes,
  };
}

/** Admits every request, and records admissions and events. */
export class GenerousStore implements Store {
  readonly quotas: Quota[] = [];
  readonly events: Record<string, unknown>[] = [];

  ping(): Promise<void> {
    return Promise.resolve();
  }

  admit({ quotas }: Admission): Promise<Decision> {
    this.quotas.push(...quotas);
    const [quota] = quotas;
    assert(quota);
    return Promise.resolve({
      isRevoked: false,
      allowed: true,
      quota,
      remaining: 9,
      resetSeconds: 1,
      retrySeconds: 0,
    });
  }

  publish(event: string): Promise<void> {
    this.events.push(JSON.parse(event));
    return Promise.resolve();
  }
}

/** A store whose Redis is away. */
export class AbsentStore implements Store {
  ping(): Promise<void> {
    return Promise.reject(new Error('away'));
  }

  admit(): Promise<Decision> {
    return Promise.reject(new Error('away'));
  }

  publish(): Promise<void> {
    return Promise.reject(new Error('away'));
  }
}

/** A logger whose lines a test can inspect. */
/** Long limits, because Redis may be slow on a busy machine. */
export const REDIS_LIMITS = { connectMs: PATIENCE_MS, commandMs: PATIENCE_MS, silentMs: PATIENCE_MS };

export function testLogger(log: Record<string, unknown>[] = [], version = '0'): Logger {
  return new Logger('api-gateway', version, 'debug', { write: (line) => log.push(JSON.parse(line)) });
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

export async function startGateway(
  settings: Settings,
  store: Store = new GenerousStore(),
  webSocketLimits?: WebSocketLimits,
): Promise<RunningGateway> {
  const log: Record<string, unknown>[] = [];
  const logger = testLogger(log, settings.version);
  const lifecycle = new Lifecycle();
  const gateway = createGateway({ settings, store, logger, lifecycle, webSocketLimits });
  const server = await gateway.listen({ hostname: '127.0.0.1', port: 0 });
  const { port } = server;
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
      await Promise.all([gateway.closeWebSockets(), server.shutdown()]);
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

export interface RawService {
  readonly url: string;
  readonly port: number;
  /** What each connection has sent so far. */
  readonly received: string[];
  close(): Promise<void>;
}

/** A service on raw bytes: calls `answer` for each piece that a connection sends. */
export function startRawService(
  answer: (connection: Deno.Conn, received: string, index: number) => Promise<void> | void,
): RawService {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const received: string[] = [];
  const open = new Set<Deno.Conn>();
  const serve = async (connection: Deno.Conn, index: number) => {
    open.add(connection);
    const buffer = new Uint8Array(65_536);
    try {
      for (let count = await connection.read(buffer); count; count = await connection.read(buffer)) {
        received[index] += new TextDecoder().decode(buffer.subarray(0, count));
        await answer(connection, received[index] ?? '', index);
      }
    } catch (error) {
      // The gateway may close a connection at any time.
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.ConnectionReset)) {
        if (!(error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BrokenPipe)) {
          throw error;
        }
      }
    }
    if (open.delete(connection)) closeQuietly(connection);
  };
  const accepting = (async () => {
    const serving: Promise<void>[] = [];
    for await (const connection of listener) serving.push(serve(connection, received.push('') - 1));
    await Promise.all(serving);
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    async close() {
      listener.close();
      for (const connection of open) closeQuietly(connection);
      open.clear();
      await accepting;
    },
  };
}

/** Closes a connection that the other side may have closed already. */
export function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);

export interface ClientOptions {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly peer?: string;
  readonly body?: string;
}

/** A client as the server passes it to the gateway, without a server. */
export function clientOf(options: ClientOptions = {}): Client {
  const { method = 'GET', target = '/api/ai/x', headers = {}, peer = '10.0.0.1', body } = options;
  const chunks = body === undefined ? [] : [bytesOf(body)];
  return {
    method,
    target,
    isHttp10: false,
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    peer,
    hasWholeBody: true,
    isGone: false,
    onGone: () => {},
    leave: () => {},
    read: () => Promise.resolve(chunks.shift() ?? null),
  };
}
