/** WebSockets: the gateway checks the upgrade like any request, then passes frames on within limits. */
import { createHash } from 'node:crypto';
import { Bridge, type FrameStream, WEB_SOCKET_LIMITS } from './bridge.ts';
import { SocketStream } from './client.ts';
import type { Exchange, Header, WebSocketClient } from './exchange.ts';
import { listOf, upstreamHeaders } from './headers.ts';
import { BadAnswer, type Connection, type Head, requestHead } from './http1.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import type { Route } from './routes.ts';
import type { Upstream } from './upstream.ts';

const OPEN_MS = 5_000;
/** Browsers cannot send an Authorization header with a WebSocket: the token follows this protocol name. */
const BEARER = 'bearer';
const HANDSHAKE = /^sec-websocket-|^accept-encoding$/;
const PROTOCOL = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Sixteen bytes in Base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const READ_BYTES = 64 * 1024;

const protocolsOf = ({ headers }: Exchange): string[] =>
  (headers.get('sec-websocket-protocol') ?? '').split(',').map((item) => item.trim()).filter(Boolean);

/** Whether the client asks for a WebSocket, even by an invalid handshake. */
export const isWebSocketAsked = ({ method, headers }: Exchange): boolean =>
  method === 'GET' && listOf(headers.get('upgrade') ?? '').includes('websocket');

/** The token in `Sec-WebSocket-Protocol: bearer, <token>`. */
export function protocolToken(exchange: Exchange): string | undefined {
  const [first, token] = protocolsOf(exchange);
  return first === BEARER ? token ?? '' : undefined;
}

export class WebSockets {
  /** Subject of each WebSocket; an entry begins before the gateway calls the service. */
  readonly #places = new Map<symbol, string>();
  readonly #bridges = new Set<Bridge>();

  constructor(private readonly metrics: Metrics, private readonly limits = WEB_SOCKET_LIMITS) {}

  /** Connects to the service first, so that a refusal is an ordinary answer. */
  async open(
    exchange: Exchange,
    { socket, first }: WebSocketClient,
    route: Route,
    upstream: Upstream,
    target: string,
  ): Promise<void> {
    const offered = protocolsOf(exchange);
    const wasBearer = offered[0] === BEARER;
    const leave = this.#takePlace(exchange.subject);
    try {
      const headers = serviceHeaders(exchange, route, wasBearer ? offered.slice(2) : offered);
      const service = await connect(upstream, target, headers);
      const protocol = service.protocol ?? (wasBearer ? BEARER : undefined);
      socket.write(acceptance(exchange, protocol));
      const bridge = new Bridge(new SocketStream(socket, first), service.stream, this.limits);
      this.#join(exchange, route, bridge, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Asks every client to reconnect to another replica. */
  async close(): Promise<void> {
    const open = [...this.#bridges];
    for (const bridge of open) bridge.end(1001, 'the gateway is being replaced');
    await Promise.all(open.map((bridge) => bridge.ended));
  }

  #join(exchange: Exchange, route: Route, bridge: Bridge, leave: () => void): void {
    const { service, timeoutMs, deadlineMs = timeoutMs } = route;
    const untilExpiry = exchange.principal ? exchange.principal.expiresAt * 1000 - Date.now() : Infinity;
    bridge.limitTo(Math.min(deadlineMs, untilExpiry));
    this.#bridges.add(bridge);
    this.metrics.webSockets(service, 1);
    void bridge.ended.then(() => {
      this.#bridges.delete(bridge);
      this.metrics.webSockets(service, -1);
      leave();
      exchange.finish(101);
    });
  }

  /** Takes a place for the subject; returns a function that frees it. */
  #takePlace(subject: string): () => void {
    const { aSubject, altogether } = this.limits;
    const own = [...this.#places.values()].filter((other) => other === subject).length;
    if (own >= aSubject) {
      throw new Problem(429, `More than ${aSubject} WebSockets at a time.`, { 'Retry-After': '60' });
    }
    if (this.#places.size >= altogether) {
      throw new Problem(503, 'There are too many WebSockets open.', { 'Retry-After': '5' });
    }
    const place = Symbol(subject);
    this.#places.set(place, subject);
    return () => void this.#places.delete(place);
  }
}

export function checkHandshake(exchange: Exchange): void {
  const { headers } = exchange;
  const protocols = protocolsOf(exchange);
  const isGood = exchange.webSocket !== undefined && headers.get('sec-websocket-version') === '13' &&
    KEY.test(headers.get('sec-websocket-key') ?? '') &&
    listOf(headers.get('connection') ?? '').includes('upgrade') &&
    new Set(protocols).size === protocols.length && protocols.every((name) => PROTOCOL.test(name));
  if (!isGood) throw new Problem(400, 'The WebSocket handshake is not in order.');
}

const keyOf = ({ headers }: Exchange): string => headers.get('sec-websocket-key') ?? '';
const proofFor = (key: string): string => createHash('sha1').update(key + ACCEPT_SUFFIX).digest('base64');

/** Headers for the service; the gateway offers no extensions, because it passes frames unchanged. */
function serviceHeaders(
  exchange: Exchange,
  route: Route,
  protocols: readonly string[],
): Header[] {
  const headers = upstreamHeaders(exchange, route).filter(([name]) => !HANDSHAKE.test(name));
  const token = protocolToken(exchange);
  if (token && !headers.some(([name]) => name === 'authorization')) {
    headers.push(['authorization', `Bearer ${token}`]);
  }
  headers.push(['connection', 'Upgrade'], ['upgrade', 'websocket']);
  headers.push(['sec-websocket-version', '13'], ['sec-websocket-key', keyOf(exchange)]);
  if (protocols.length > 0) headers.push(['sec-websocket-protocol', protocols.join(', ')]);
  return headers;
}

function acceptance(exchange: Exchange, protocol: string | undefined): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${proofFor(keyOf(exchange))}`,
    ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ...exchange.answerHeaders.map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

interface ServiceEnd {
  readonly stream: FrameStream;
  readonly protocol?: string;
}

/** Opens the connection to the service; its replica counts as busy until it closes. */
async function connect(upstream: Upstream, target: string, headers: readonly Header[]): Promise<ServiceEnd> {
  const permit = upstream.permit(true);
  const endpoint = upstream.endpoints.pick();
  endpoint.inFlight += 1;
  let connection: Connection | undefined;
  const timer = setTimeout(() => connection?.close(), OPEN_MS);
  try {
    connection = await endpoint.connect();
    await connection.writeHead(requestHead('GET', target, [['host', upstream.host], ...headers]));
    const head = await connection.readHead('GET', true);
    permit.report('success');
    return {
      stream: streamOf(connection, () => endpoint.inFlight -= 1),
      protocol: agreed(upstream, head, headers),
    };
  } catch (error) {
    endpoint.inFlight -= 1;
    connection?.close();
    if (error instanceof Problem) throw error;
    permit.report('failure');
    throw error instanceof BadAnswer ? refusal(upstream.name, 502, error) : upstream.unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The protocol that the service chose. Throws unless the service accepts exactly what the gateway asked for. */
function agreed({ name }: Upstream, { status, headers }: Head, sent: readonly Header[]): string | undefined {
  if (status !== 101) throw refusal(name, status);
  const find = (list: readonly Header[], wanted: string) =>
    list.find(([known]) => known === wanted)?.[1] ?? '';
  const protocol = find(headers, 'sec-websocket-protocol');
  const offered = find(sent, 'sec-websocket-protocol').split(', ');
  const isGood = find(headers, 'upgrade').toLowerCase() === 'websocket' &&
    find(headers, 'sec-websocket-accept') === proofFor(find(sent, 'sec-websocket-key')) &&
    (protocol === '' || offered.includes(protocol)) && find(headers, 'sec-websocket-extensions') === '';
  if (!isGood) throw refusal(name, 502, new BadAnswer('a WebSocket that was not asked for'));
  return protocol || undefined;
}

function streamOf(connection: Connection, onClose: () => void): FrameStream {
  return {
    read: () => connection.readSome(READ_BYTES),
    write: (bytes) => connection.write(bytes),
    close: () => {
      if (!connection.isClosed) onClose();
      connection.close();
    },
  };
}

function refusal(name: string, status: number, cause?: unknown): Problem {
  const detail = `The service ${name} refused the WebSocket.`;
  return new Problem(status === 401 || status === 403 || status === 404 ? status : 502, detail, {}, cause);
}
