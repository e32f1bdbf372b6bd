/** CORS: the gateway allows only the listed origins; without a list it allows none. */
import type { Exchange, Header, Reply } from './exchange.ts';

const METHODS = 'GET,HEAD,POST,PUT,PATCH,DELETE';
const REQUEST_HEADERS = 'Authorization,Content-Type,Idempotency-Key,If-Match,X-Request-Id,traceparent';
const ANSWER_HEADERS =
  'ETag,Location,RateLimit-Limit,RateLimit-Policy,RateLimit-Remaining,RateLimit-Reset,Retry-After,X-Request-Id';
const PREFLIGHT_SECONDS = '600';

/** Adds the CORS headers to the answer; returns the whole answer when the request is a preflight. */
export function applyCors(exchange: Exchange, origins: ReadonlySet<string>): Reply | undefined {
  const { headers } = exchange;
  if (origins.size > 0) exchange.answerHeaders.push(['Vary', 'Origin']);
  const origin = headers.get('origin');
  if (!origin) return undefined;
  const isAllowed = origins.has(origin);
  if (isAllowed) {
    exchange.answerHeaders.push(['Access-Control-Allow-Origin', origin]);
    exchange.answerHeaders.push(['Access-Control-Expose-Headers', ANSWER_HEADERS]);
  }
  if (exchange.method !== 'OPTIONS' || !headers.has('access-control-request-method')) return undefined;
  const allowance: Header[] = [
    ['Access-Control-Allow-Methods', METHODS],
    ['Access-Control-Allow-Headers', REQUEST_HEADERS],
    ['Access-Control-Max-Age', PREFLIGHT_SECONDS],
  ];
  return { status: 204, headers: [...exchange.answerHeaders, ...(isAllowed ? allowance : [])], body: null };
}
