/** What is known of the request being served, for logs, errors and metrics. */
import type { Context } from 'hono';

export interface GatewayEnv {
  Bindings: Deno.ServeHandlerInfo;
  Variables: {
    requestId: string;
    traceparent: string;
    /** Route template; never the raw path. */
    route: string;
    upstream?: string;
    userId?: string;
    client: string;
    /** Settles with the status to record when the body of a streamed answer ends. */
    completion?: Promise<number>;
  };
}

export type GatewayContext = Context<GatewayEnv>;

export const UNMATCHED_ROUTE = 'unmatched';
export const CLIENT_CLOSED = 499;

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const newId = () => crypto.randomUUID().replaceAll('-', '');

/** The caller's request id when it is well formed, else a new one. */
export function acceptRequestId(candidate: string | undefined): string {
  return candidate && REQUEST_ID.test(candidate) ? candidate : newId();
}

/** The caller's trace context when it is well formed, else the root of a new trace. */
export function acceptTraceparent(candidate: string | undefined): string {
  if (candidate && TRACEPARENT.test(candidate)) return candidate;
  return `00-${newId()}-${newId().slice(0, 15)}1-01`;
}
