/** Decides which headers pass through the gateway in each direction, and sets the gateway's own. */
import type { Exchange, Header } from './exchange.ts';
import { Problem } from './problems.ts';
import type { Route } from './routes.ts';

const MAX_HEADER_BYTES = 32 * 1024;
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

/** Headers that tell services and proxies the caller or the original request: only the gateway may set them. */
const SPOOFABLE =
  /^(?:x-user(?:-.*)?|x-forwarded(?:-.*)?|forwarded|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip|x-auth-.*|x-authenticated-.*|(?:x-)?remote-.*|x-original-.*|x-rewrite-.*|x-http-method(?:-override)?|x-method-override|x-role|x-roles|x-groups)$/;

const NOT_SENT_ON = new Set([
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'x-request-id',
  'traceparent',
]);
const NOT_SENT_BACK = new Set([
  ...HOP_BY_HOP,
  'server',
  'x-powered-by',
  'x-request-id',
  'traceparent',
  'location',
  'content-length',
]);

/** Size of the cache of verdicts on header names: every request brings the same few names. */
const KNOWN_NAMES = 1_000;
const verdicts = new Map<string, boolean>();

function passesOn(name: string): boolean {
  const known = verdicts.get(name);
  if (known !== undefined) return known;
  // Some servers read `_` as `-`: X_User_Id must not pass.
  const passes = !NOT_SENT_ON.has(name) && !SPOOFABLE.test(name.replaceAll('_', '-'));
  if (verdicts.size < KNOWN_NAMES) verdicts.set(name, passes);
  return passes;
}

/** Rejects an invalid Host header: another parser may read a path in it. */
export function checkHost({ headers, client }: Exchange): void {
  const host = headers.get('host');
  if (host === undefined ? client.isHttp10 : isHost(host)) return;
  throw new Problem(400, 'Host is not a name or an address with an optional port.');
}

/** Headers for the service. */
export function upstreamHeaders(exchange: Exchange, { prefix, rewrite }: Route): Header[] {
  const { headers } = exchange;
  const named = namedBy(headers.get('connection'));
  const sent: Header[] = [];
  let bytes = 0;
  for (const header of exchange.client.headers) {
    const [name, value] = header;
    bytes += name.length + value.length + 4;
    if (passesOn(name) && !named?.has(name)) sent.push(header);
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw new Problem(431, `The header fields are larger than ${MAX_HEADER_BYTES} bytes.`);
  }
  // The edge compresses; the gateway passes an uncompressed stream on without buffering.
  sent.push(['accept-encoding', 'identity']);
  sent.push(['x-request-id', exchange.requestId]);
  sent.push(['traceparent', exchange.traceparent]);
  sent.push(['x-forwarded-for', exchange.address]);
  const proto = headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim();
  if (proto === 'https' || proto === 'http') sent.push(['x-forwarded-proto', proto]);
  const host = [headers.get('x-forwarded-host'), headers.get('host')].find((name) => name && isHost(name));
  if (host) sent.push(['x-forwarded-host', host]);
  // The service builds its URLs with the prefix; the gateway has already removed it from the path.
  if (rewrite === '') sent.push(['x-forwarded-prefix', prefix]);
  if (exchange.principal) {
    sent.push(['x-user-id', exchange.principal.userId]);
    sent.push(['x-user-role', exchange.principal.role]);
  }
  return sent;
}

/** Headers for the client. Only the gateway sets CORS headers. */
export function clientHeaders(upstream: readonly Header[]): Header[] {
  const named = namedBy(
    upstream.filter(([name]) => name === 'connection').map(([, value]) => value).join(','),
  );
  const sent: Header[] = [];
  for (const header of upstream) {
    const [name] = header;
    if (!NOT_SENT_BACK.has(name) && !name.startsWith('access-control-') && !named?.has(name)) {
      sent.push(header);
    }
  }
  return sent;
}

/** The headers that a Connection header limits to the next hop. */
function namedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (!connection || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(listOf(connection));
}

/** The items of a list header, in lower case. */
export function listOf(value: string): string[] {
  return value.split(',').map((word) => word.trim().toLowerCase()).filter(Boolean);
}

/** A name or an address, and a port. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

export const isHost = (text: string): boolean => text.length <= 260 && HOST.test(text);
