/** Which headers pass through the gateway, in which direction, and which it sets itself. */
import type { Principal } from './identity.ts';

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Names by which services and proxies learn who calls, or what was asked: only the gateway may say so. */
const SPOOFABLE =
  /^(?:x-user(?:-.*)?|x-forwarded(?:-.*)?|forwarded|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip|x-auth-.*|x-authenticated-.*|(?:x-)?remote-.*|x-original-.*|x-rewrite-.*|x-http-method(?:-override)?|x-method-override|x-role|x-roles|x-groups)$/;

const NOT_SENT_ON = ['host', 'content-length', 'expect', 'accept-encoding'];
const NOT_SENT_BACK = ['server', 'x-powered-by', 'x-request-id', 'traceparent', 'location'];

export interface Caller {
  readonly requestId: string;
  readonly traceparent: string;
  readonly address: string;
  readonly principal?: Principal;
}

/** Headers for the service. */
export function upstreamHeaders(request: Request, caller: Caller): Headers {
  const headers = withoutHopByHop(request.headers);
  for (const name of [...headers.keys()]) {
    // Some servers take `_` for `-`: X_User_Id must not slip by.
    if (SPOOFABLE.test(name.replaceAll('_', '-')) || NOT_SENT_ON.includes(name)) headers.delete(name);
  }
  // Compression is the edge's work; a stream that is not compressed needs no buffering to pass on.
  headers.set('accept-encoding', 'identity');
  headers.set('x-request-id', caller.requestId);
  headers.set('traceparent', caller.traceparent);
  headers.set('x-forwarded-for', caller.address);
  setIfPresent(headers, 'x-forwarded-proto', forwardedProto(request.headers));
  setIfPresent(
    headers,
    'x-forwarded-host',
    request.headers.get('x-forwarded-host') ?? request.headers.get('host'),
  );
  setIfPresent(headers, 'x-user-id', caller.principal?.userId);
  setIfPresent(headers, 'x-user-role', caller.principal?.role);
  return headers;
}

/** Headers for the client. CORS is the gateway's word alone. */
export function clientHeaders(upstream: Headers): Headers {
  const headers = withoutHopByHop(upstream);
  for (const name of [...headers.keys()]) {
    if (NOT_SENT_BACK.includes(name) || name.startsWith('access-control-')) headers.delete(name);
  }
  return headers;
}

function withoutHopByHop(source: Headers): Headers {
  const headers = new Headers(source);
  const named = (source.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...named]) {
    if (/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) headers.delete(name);
  }
  return headers;
}

function forwardedProto(headers: Headers): string | undefined {
  const proto = headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim();
  return proto === 'https' || proto === 'http' ? proto : undefined;
}

function setIfPresent(headers: Headers, name: string, value: string | null | undefined): void {
  if (value) headers.set(name, value);
}
