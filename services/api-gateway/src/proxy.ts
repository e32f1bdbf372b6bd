/** From a request under `/api/` to the answer of a service. */
import { CLIENT_CLOSED, type GatewayContext } from './context.ts';
import { type Caller, clientHeaders, upstreamHeaders } from './headers.ts';
import type { Principal, Verify } from './identity.ts';
import { type Limiter, quotaFor } from './limiter.ts';
import { Problem } from './problems.ts';
import { RequestBody } from './request_body.ts';
import { externalLocation, type Match, matchRoute, pathTrick, rawTarget } from './routing.ts';
import type { Settings } from './settings.ts';
import { watched } from './streams.ts';
import { type Answer, ClientGone, type Upstream } from './upstream.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const WITHOUT_BODY = new Set([204, 205, 304]);

export interface ProxyParts {
  readonly settings: Settings;
  readonly verify: Verify;
  readonly limiter: Limiter;
  readonly upstreams: ReadonlyMap<string, Upstream>;
}

/** A handler for everything the gateway does not answer itself. */
export function createProxy({ settings, verify, limiter, upstreams }: ProxyParts) {
  return async (context: GatewayContext): Promise<Response> => {
    const { method, url, headers } = context.req.raw;
    const { path, query } = rawTarget(url);
    const match = findRoute(settings, method, path);
    context.set('route', `${match.route.prefix}/*`);
    context.set('upstream', match.route.service);

    const principal = await verify(headers.get('authorization'));
    if (principal) context.set('userId', principal.userId);
    await limiter.admit(context, quotaFor(match, context.get('client'), principal, settings.rateLimit));
    if (!principal && !match.isPublic) throw unauthorized(headers.has('authorization'));

    const upstream = upstreams.get(match.route.service);
    if (!upstream) throw new Problem(404, 'There is nothing at this path.');
    return await forward(context, match, upstream, `${match.path}${query}`, principal);
  };

  async function forward(
    context: GatewayContext,
    match: Match,
    upstream: Upstream,
    target: string,
    principal: Principal | undefined,
  ): Promise<Response> {
    const request = context.req.raw;
    try {
      const answer = await upstream.call({
        method: request.method,
        url: `${match.route.upstream}${target}`,
        headers: upstreamHeaders(request, callerOf(context, principal)),
        body: new RequestBody(request, settings.maxBodyBytes),
        timeoutMs: match.route.timeoutMs,
        client: request.signal,
      });
      return toClient(context, settings, match, answer);
    } catch (error) {
      if (error instanceof ClientGone) return new Response(null, { status: CLIENT_CLOSED });
      throw error;
    }
  }
}

function findRoute(settings: Settings, method: string, path: string): Match {
  const trick = pathTrick(path);
  if (trick) throw new Problem(400, trick);
  if (!METHODS.includes(method)) {
    throw new Problem(405, `The method ${method} is not served.`, { Allow: METHODS.join(', ') });
  }
  const match = matchRoute(settings.routes, method, path);
  if (!match) throw new Problem(404, 'There is nothing at this path.');
  return match;
}

function unauthorized(tokenGiven: boolean): Problem {
  const challenge = tokenGiven ? 'Bearer error="invalid_token"' : 'Bearer';
  const detail = tokenGiven ? 'The token is not valid.' : 'A token is needed: Authorization: Bearer <token>.';
  return new Problem(401, detail, { 'WWW-Authenticate': challenge });
}

function callerOf(context: GatewayContext, principal: Principal | undefined): Caller {
  return {
    requestId: context.get('requestId'),
    traceparent: context.get('traceparent'),
    address: context.get('client'),
    principal,
  };
}

/** The answer of the service, streamed; the request is over when its body is. */
function toClient(context: GatewayContext, settings: Settings, { route }: Match, answer: Answer): Response {
  const { response, release } = answer;
  const headers = clientHeaders(response.headers);
  const location = response.headers.get('location');
  if (location) headers.set('location', externalLocation(settings.routes, route, location));
  const { status } = response;
  if (!response.body || WITHOUT_BODY.has(status)) {
    release();
    return context.newResponse(null, new Response(null, { status, headers }));
  }
  const { promise, resolve } = Promise.withResolvers<number>();
  context.set('completion', promise);
  const body = watched(response.body, {
    onEnd: (end) => {
      resolve(end === 'complete' ? status : brokenStatus(answer, end));
      release();
    },
  });
  return context.newResponse(body, new Response(null, { status, headers }));
}

/** What the log says of an answer that was cut off; the client has seen the status of its head already. */
function brokenStatus({ deadline }: Answer, end: 'broken' | 'cancelled'): number {
  if (deadline.aborted) return 504;
  return end === 'cancelled' ? CLIENT_CLOSED : 502;
}
