/** Assembles the gateway from its parts. */
import { ApiDescription } from './api_description.ts';
import { Clock } from './clock.ts';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { HttpClient } from './client.ts';
import { applyCors } from './cors.ts';
import { Exchange, isSource, type Reply, UNMATCHED_ROUTE, type WebSocketClient } from './exchange.ts';
import { checkHost } from './headers.ts';
import { createVerifier } from './identity.ts';
import { KeySet } from './key_set.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { LiveSecrets } from './live_secrets.ts';
import { Limiter } from './limiter.ts';
import { describe, type Logger } from './logging.ts';
import { Metrics } from './metrics.ts';
import { createOperations } from './operations.ts';
import { Pages } from './pages.ts';
import { Problem, problemReply } from './problems.ts';
import { TrustedProxies } from './proxies.ts';
import { createProxy } from './proxy.ts';
import type { Store } from './redis.ts';
import { listen, type ListenOptions, type Server } from './server.ts';
import type { Settings } from './settings.ts';
import { Suspicions } from './suspicions.ts';
import { Upstream } from './upstream.ts';
import { WebSockets } from './web_socket.ts';
import type { WebSocketLimits } from './bridge.ts';

const OPERATIONS = new Set(['/live', '/health', '/metrics', '/openapi.json']);

export interface Parts {
  readonly settings: Settings;
  readonly store: Store;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  /** @default those of the settings */
  readonly secrets?: Pick<LiveSecrets, 'current' | 'readAt'>;
  readonly webSocketLimits?: WebSocketLimits;
}

export interface Gateway {
  /** Starts to listen; resolves with the server. */
  listen(options: ListenOptions): Promise<Server>;
  /** Asks the clients of WebSockets to reconnect to another replica. */
  closeWebSockets(): Promise<void>;
  /** Closes the connections to the services. */
  close(): void;
}

export function createGateway(parts: Parts): Gateway {
  const { settings, store, logger, lifecycle, secrets = { current: settings.secrets, readAt: 0 } } = parts;
  const metrics = new Metrics(settings.version, () => secrets.readAt);
  const clock = new Clock();
  const upstreams = createUpstreams(settings, metrics, logger, clock);
  const suspicions = new Suspicions(store, metrics, logger);
  const limiter = new Limiter({ store, metrics, logger, suspicions, rateLimit: settings.rateLimit });
  const { jwksUrl } = settings.jwt;
  const keys = jwksUrl ? new KeySet({ url: jwksUrl }, logger) : () => secrets.current.jwtKeys;
  const verify = createVerifier(settings.jwt, keys);
  const webSockets = new WebSockets(metrics, parts.webSocketLimits);
  const proxy = createProxy({ settings, verify, limiter, upstreams, webSockets });
  const description = new ApiDescription({ routes: settings.routes, version: settings.version, logger });
  const operations = createOperations({ settings, store, metrics, lifecycle, logger, description });
  const pages = settings.consoleDir === undefined ? undefined : new Pages(settings.consoleDir);
  const origins = new Set(settings.corsOrigins);
  const proxies = new TrustedProxies(settings.trustedProxies, settings.proxyDepth);

  const record = (exchange: Exchange, status: number) => {
    const seconds = (performance.now() - exchange.started) / 1000;
    metrics.request(exchange.method, exchange.route, status, seconds);
    suspicions.answered(exchange, status);
    writeAccessLine(exchange, logger, status, seconds);
  };

  async function operate(exchange: Exchange): Promise<Reply> {
    const { path, method } = exchange;
    exchange.route = path;
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Problem(405, 'This is only there to be read.', { Allow: 'GET, HEAD' });
    }
    const { status, headers, body } = await operations.request(path, { method });
    const bytes = body && await new Response(body).bytes();
    return { status, headers: [...headers, ...exchange.answerHeaders], body: bytes };
  }

  async function answer(exchange: Exchange): Promise<Reply | undefined> {
    try {
      checkHost(exchange);
      if (OPERATIONS.has(exchange.path)) return await operate(exchange);
      // The limiter does not count pages: a file in memory costs less than a request to Redis.
      const page = pages?.reply(exchange);
      if (page) return await page;
      return applyCors(exchange, origins) ?? await proxy(exchange);
    } catch (error) {
      return problemReply(exchange, toProblem(error, exchange, logger));
    }
  }

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    webSocket?: WebSocketClient,
  ): Promise<void> {
    const client = new HttpClient(request, response, webSocket);
    const exchange = new Exchange(client, record, proxies);
    if (lifecycle.draining) exchange.answerHeaders.push(['Connection', 'close']);
    const reply = await answer(exchange);
    if (!reply) return;
    try {
      await client.send(reply);
      if (!isSource(reply.body)) exchange.finish(reply.status);
    } catch (error) {
      // The client must not take a part of an answer for the whole.
      logger.error('an answer cannot be sent', error, { request_id: exchange.requestId });
      exchange.finish(502);
      client.leave();
    }
  }

  return {
    listen: (options) =>
      listen(options, settings, {
        request: (request, response) => void serve(request, response),
        webSocket: (request, socket, first) => {
          socket.on('error', () => socket.destroy());
          void serve(request, new ServerResponse(request), { socket, first });
        },
        refused: (status) => metrics.request('', UNMATCHED_ROUTE, status, 0),
      }),
    closeWebSockets: () => webSockets.close(),
    close: () => {
      upstreams.forEach((upstream) => upstream.close());
      clock.stop();
    },
  };
}

function createUpstreams(
  { routes }: Settings,
  metrics: Metrics,
  logger: Logger,
  clock: Clock,
): ReadonlyMap<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const { service: name, upstream, endpoints } of routes) {
    if (upstreams.has(name)) continue;
    const created = new Upstream({ name, upstream, endpoints }, metrics, logger, clock);
    void created.endpoints.start();
    upstreams.set(name, created);
  }
  return upstreams;
}

function writeAccessLine(exchange: Exchange, logger: Logger, status: number, seconds: number): void {
  const { path } = exchange;
  // The platform's probes ask every few seconds and would fill the log.
  const level = OPERATIONS.has(path) && status < 500 ? 'debug' : 'info';
  logger.log(level, 'gateway.access', 'request served', {
    request_id: exchange.requestId,
    trace_id: exchange.traceId,
    method: exchange.method,
    path: exchange.shownPath,
    route: exchange.route,
    status,
    duration_ms: Math.round(seconds * 1e6) / 1000,
    upstream: exchange.upstream,
    user_id: exchange.principal?.userId,
    client: exchange.address,
  });
}

function toProblem(error: unknown, exchange: Exchange, logger: Logger): Problem {
  const request_id = exchange.requestId;
  if (error instanceof Problem) {
    if (error.cause) {
      logger.warning(error.message, {
        request_id,
        upstream: exchange.upstream,
        error: describe(error.cause),
      });
    }
    return error;
  }
  logger.error('unexpected error', error, { request_id });
  return new Problem(500, 'The request could not be completed. Quote request_id when you report it.');
}
