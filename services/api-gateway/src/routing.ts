/** From the path of a request to the route and the path at the service. */
import type { Route } from './routes.ts';

/** Path and query exactly as the client wrote them: parsing a URL would resolve what must be refused. */
export function rawTarget(url: string): { path: string; query: string } {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const target = start < 0 ? '/' : url.slice(start);
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark) };
}

const ENCODED_TRICK = /%(?:25)*(?:2e|2f|5c|00)/i;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/i;
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\\\x00-\x20\x7f#]/;
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?:\/|;|$)/;

/** Why a path is refused, or undefined when two parsers cannot read it in two ways. */
export function pathTrick(path: string): string | undefined {
  if (path.includes('//')) return 'The path has an empty segment.';
  if (ENCODED_TRICK.test(path) || ENCODED_TRICK.test(decodedOnce(path))) {
    return 'The path has an encoded dot, slash, backslash or null.';
  }
  if (BAD_ESCAPE.test(path)) return 'The path has a malformed percent escape.';
  if (FORBIDDEN.test(path)) return 'The path has a backslash, a space or a control character.';
  if (DOT_SEGMENT.test(path)) return 'The path has a dot segment.';
  return undefined;
}

/** Without escapes of ASCII, so that an escape spelt in escapes shows. */
function decodedOnce(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

export interface Match {
  readonly route: Route;
  /** Path to ask the service for. */
  readonly path: string;
  readonly isPublic: boolean;
}

/** The most specific route for a path; the table is ordered. */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match | undefined {
  const route = routes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  if (!route) return undefined;
  const rest = path.slice(route.prefix.length);
  return {
    route,
    path: `${route.rewrite}${rest}` || '/',
    isPublic: method === 'POST' && route.public.includes(rest),
  };
}

/** A `Location` of a service in the terms of the gateway; anything else is left as it is. */
export function externalLocation(routes: readonly Route[], route: Route, location: string): string {
  const path = location.startsWith(`${route.upstream}/`) ? location.slice(route.upstream.length) : location;
  if (!path.startsWith('/') || path.startsWith('//')) return location;
  const home = routes.find(({ upstream, rewrite }) =>
    upstream === route.upstream && (path === rewrite || path.startsWith(`${rewrite}/`))
  );
  return home ? `${home.prefix}${path.slice(home.rewrite.length)}` : location;
}
