/** Turns a request under `/api/` into the answer of a service. */
import type { Answer } from './attempt.ts';
import type { Exchange, Header, Reply } from './exchange.ts';
import { clientHeaders, upstreamHeaders } from './headers.ts';
import { bearerToken, type Principal, type Verify } from './identity.ts';
import { KeysUnavailable } from './key_set.ts';
import type { Limiter } from './limiter.ts';
import { Problem } from './problems.ts';
import { RequestBody } from './request_body.ts';
import type { Route } from './routes.ts';
import { externalLocation, type Match, matchRoute, pathTrick } from './routing.ts';
import type { Settings } from './settings.ts';
import { CLIENT_CLOSED } from './status.ts';
import type { End } from './streams.ts';
import { ClientGone, type Upstream } from './upstream.ts';
import { checkHandshake, isWebSocketAsked, protocolToken, type WebSockets } from './web_socket.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const MAX_TARGET = 16 * 1024;
const VISIBLE = /^[\x21-\x7e]*$/;

export interface ProxyParts {
  readonly settings: Settings;
  readonly verify: Verify;
  readonly limiter: Limiter;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly webSockets: WebSockets;
}

/** Resolves with undefined when the request became an open WebSocket. */
export type Handler = (exchange: Exchange) => Promise<Reply | undefined>;

/** A handler for all requests that the gateway does not answer itself. */
export function createProxy({ settings, verify, limiter, upstreams, webSockets }: ProxyParts): Handler {
  const routeLabels = new Map(settings.routes.map((route) => [route, `${route.prefix}/*`]));
  const idleMs = settings.streamIdleSeconds * 1000;

  return async (exchange) => {
    const match = await matched(exchange);
    const { route } = match;
    exchange.route = routeLabels.get(route) ?? route.prefix;
    exchange.upstream = route.service;

    const { webSocket } = exchange;
    const token = bearerToken(exchange.headers.get('authorization')) ??
      (webSocket ? protocolToken(exchange) : undefined);
    if (token) {
      const verdict = verify(token);
      exchange.principal = verdict instanceof Promise ? await settled(verdict, match.isPublic) : verdict;
    }
    await limiter.admit(exchange, match);
    authorize(exchange, match, token !== undefined);

    const upstream = upstreams.get(route.service);
    if (!upstream) throw new Problem(404, 'There is nothing at this path.');
    const target = `${match.path}${exchange.query}`;
    if (isWebSocketAsked(exchange)) checkHandshake(exchange);
    if (!webSocket) return await forward(exchange, route, upstream, target);
    await webSockets.open(exchange, webSocket, route, upstream, target);
    return undefined;
  };

  /** The route of the request. The limiter also counts requests without a route. */
  async function matched(exchange: Exchange): Promise<Match> {
    try {
      return findRoute(settings.routes, exchange);
    } catch (problem) {
      await limiter.admit(exchange);
      throw problem;
    }
  }

  async function forward(
    exchange: Exchange,
    route: Route,
    upstream: Upstream,
    target: string,
  ): Promise<Reply> {
    const { timeoutMs, deadlineMs = timeoutMs } = route;
    let status = 0;
    try {
      const headers = upstreamHeaders(exchange, route);
      const body = new RequestBody(exchange, settings);
      const call = { exchange, target, headers, body, timeoutMs, deadlineMs, idleMs };
      const answer = await upstream.call(call, (end) => exchange.finish(finalStatus(status, end)));
      status = answer.head.status;
      return replyOf(exchange, settings.routes, route, answer);
    } catch (error) {
      if (error instanceof ClientGone) return { status: CLIENT_CLOSED, headers: [], body: null };
      throw error;
    }
  }
}

function findRoute(routes: readonly Route[], { method, path, query }: Exchange): Match {
  const trick = pathTrick(path);
  if (trick) throw new Problem(400, trick);
  if (!VISIBLE.test(query)) throw new Problem(400, 'The query has a space or a control character.');
  if (path.length + query.length > MAX_TARGET) {
    throw new Problem(414, `The path and query are longer than ${MAX_TARGET} characters.`);
  }
  if (!METHODS.includes(method)) {
    throw new Problem(405, `The method ${method} is not served.`, { Allow: METHODS.join(', ') });
  }
  const match = matchRoute(routes, method, path);
  if (!match) throw new Problem(404, 'There is nothing at this path.');
  return match;
}

async function settled(
  verdict: Promise<Principal | undefined>,
  isPublic: boolean,
): Promise<Principal | undefined> {
  try {
    return await verdict;
  } catch (error) {
    if (!(error instanceof KeysUnavailable)) throw error;
    if (isPublic) return undefined;
    // With 401 clients would discard good tokens.
    throw new Problem(503, 'Tokens cannot be checked at the moment.', { 'Retry-After': '2' }, error);
  }
}

function authorize({ principal }: Exchange, { isPublic, roles }: Match, tokenGiven: boolean): void {
  if (isPublic) return;
  if (!principal) throw unauthorized(tokenGiven);
  if (roles && !roles.includes(principal.role)) {
    throw new Problem(403, `This takes the role ${roles.join(' or ')}.`);
  }
}

function unauthorized(tokenGiven: boolean): Problem {
  const challenge = tokenGiven ? 'Bearer error="invalid_token"' : 'Bearer';
  const detail = tokenGiven ? 'The token is not valid.' : 'A token is needed: Authorization: Bearer <token>.';
  return new Problem(401, detail, { 'WWW-Authenticate': challenge });
}

function replyOf(exchange: Exchange, routes: readonly Route[], route: Route, answer: Answer): Reply {
  const { head: { status, headers: sent }, body } = answer;
  const headers: Header[] = [...exchange.answerHeaders, ...clientHeaders(sent)];
  const find = (wanted: string) => sent.find(([name]) => name === wanted)?.[1];
  const location = find('location');
  if (location) headers.push(['location', externalLocation(routes, route, location)]);
  // The answer to HEAD has the length of the answer to GET.
  const length = body instanceof Uint8Array || status === 204 ? undefined : find('content-length');
  if (length !== undefined) headers.push(['content-length', length]);
  return { status, headers, body };
}

/** The status for the log; an answer that was cut off differs from the status that the client has already seen. */
function finalStatus(status: number, end: End): number {
  if (end === 'complete') return status;
  if (end === 'late') return 504;
  return end === 'cancelled' ? CLIENT_CLOSED : 502;
}
