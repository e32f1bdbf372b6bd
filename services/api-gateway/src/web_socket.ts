/** WebSockets: checked like any request before the upgrade, then passed on message by message within limits. */
import type { Exchange, Header } from './exchange.ts';
import { upstreamHeaders } from './headers.ts';
import { Bridge, type Message, type ServiceEnd, WEB_SOCKET_LIMITS } from './bridge.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import type { Route } from './routes.ts';
import type { Upstream } from './upstream.ts';

const OPEN_MS = 5_000;
/** Browsers cannot send an Authorization header here: the token comes as the protocol after this one. */
const BEARER = 'bearer';
const HANDSHAKE = /^sec-websocket-|^accept-encoding$/;
const PROTOCOL = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const REFUSED = /Invalid status code: (\d{3})/;

export const isWebSocket = ({ method, headers }: Exchange): boolean =>
  method === 'GET' && headers.get('upgrade')?.toLowerCase() === 'websocket';

const protocolsOf = ({ headers }: Exchange): string[] =>
  (headers.get('sec-websocket-protocol') ?? '').split(',').map((item) => item.trim()).filter(Boolean);

/** The token in `Sec-WebSocket-Protocol: bearer, <token>`. */
export function protocolToken(exchange: Exchange): string | undefined {
  const [first, token] = protocolsOf(exchange);
  return first === BEARER ? token ?? '' : undefined;
}

export class WebSockets {
  /** Who holds a place, from before the service is asked. */
  readonly #places = new Map<symbol, string>();
  readonly #bridges = new Set<Bridge>();

  constructor(private readonly metrics: Metrics, private readonly limits = WEB_SOCKET_LIMITS) {}

  /** Opens the service's end first, so that a refusal is an ordinary answer. */
  async open(exchange: Exchange, route: Route, upstream: Upstream, target: string): Promise<Response> {
    checkHandshake(exchange);
    const headers = serviceHeaders(exchange);
    const leave = this.#takePlace(exchange.subject);
    const offered = protocolsOf(exchange);
    const wasBearer = offered[0] === BEARER;
    let service: ServiceEnd | undefined;
    try {
      service = await connect(upstream, target, headers, wasBearer ? offered.slice(2) : offered);
      const protocol = service.socket.protocol || (wasBearer ? BEARER : undefined);
      const { socket, response } = Deno.upgradeWebSocket(exchange.request, protocol ? { protocol } : {});
      this.#join(exchange, route, new Bridge(socket, service, this.limits), leave);
      return response;
    } catch (error) {
      service?.socket.close();
      leave();
      throw error;
    }
  }

  /** Asks every client to come back elsewhere. */
  async close(): Promise<void> {
    const open = [...this.#bridges];
    for (const bridge of open) bridge.end(1001, 'the gateway is being replaced');
    await Promise.all(open.map((bridge) => bridge.ended));
  }

  #join(exchange: Exchange, route: Route, bridge: Bridge, leave: () => void): void {
    const { service, timeoutMs, deadlineMs = timeoutMs } = route;
    const untilExpiry = exchange.principal ? exchange.principal.expiresAt * 1000 - Date.now() : Infinity;
    bridge.limitTo(Math.min(deadlineMs, untilExpiry));
    exchange.isStreaming = true;
    this.#bridges.add(bridge);
    this.metrics.webSockets(service, 1);
    void bridge.ended.then(() => {
      this.#bridges.delete(bridge);
      this.metrics.webSockets(service, -1);
      leave();
      exchange.finish(101);
    });
  }

  /** Gives the way to leave it again. */
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

function checkHandshake(exchange: Exchange): void {
  const { headers } = exchange;
  const protocols = protocolsOf(exchange);
  const isGood = headers.get('sec-websocket-version') === '13' && headers.has('sec-websocket-key') &&
    /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get('connection') ?? '') &&
    new Set(protocols).size === protocols.length && protocols.every((name) => PROTOCOL.test(name));
  if (!isGood) throw new Problem(400, 'The WebSocket handshake is not in order.');
}

function serviceHeaders(exchange: Exchange): Header[] {
  const headers = upstreamHeaders(exchange).filter(([name]) => !HANDSHAKE.test(name));
  const token = protocolToken(exchange);
  if (token && !headers.some(([name]) => name === 'authorization')) {
    headers.push(['authorization', `Bearer ${token}`]);
  }
  return headers;
}

/** The service's end, open. Its replica counts as busy while it is. */
async function connect(
  upstream: Upstream,
  target: string,
  headers: Header[],
  protocols: string[],
): Promise<ServiceEnd> {
  const permit = upstream.permit();
  const endpoint = upstream.endpoints.pick();
  const scheme = endpoint.address.isSecure ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${endpoint.authority}${target}`, { headers, protocols });
  socket.binaryType = 'arraybuffer';
  const early: Message[] = [];
  socket.onmessage = ({ data }) => early.push(data);
  endpoint.inFlight += 1;
  socket.addEventListener('close', () => endpoint.inFlight -= 1, { once: true });
  try {
    await opened(socket);
    permit.report('success');
    return { socket, early };
  } catch (error) {
    socket.close();
    const status = error instanceof Error ? REFUSED.exec(error.message)?.[1] : undefined;
    permit.report(status ? 'success' : 'failure');
    throw status ? refusal(upstream.name, Number(status), error) : upstream.unavailable(error);
  }
}

async function opened(socket: WebSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`no WebSocket within ${OPEN_MS} ms`)), OPEN_MS);
  socket.onopen = () => resolve();
  socket.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event instanceof ErrorEvent ? event.message : event.type));
  };
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

function refusal(name: string, status: number, cause: unknown): Problem {
  const detail = `The service ${name} refused the WebSocket.`;
  return new Problem(status === 401 || status === 403 || status === 404 ? status : 502, detail, {}, cause);
}
