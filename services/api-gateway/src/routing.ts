/** Finds the route of a request, its path at the service and the roles that may call it. */
import type { Role, Route, Rule } from './routes.ts';

/** Path and query exactly as the client wrote them: a URL parser would resolve tricks that the gateway must refuse. */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark) };
}

const PLAIN = /^(?:\/[A-Za-z0-9_-]+)+\/?$/;
const ENCODED_TRICK = /%(?:25)*(?:2e|2f|5c|00)/i;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/i;
const FORBIDDEN = /[^\x21-\x7e]|[\\#]/;
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?:\/|;|$)/;

/** Why the gateway refuses a path; undefined when all parsers read it the same way. */
export function pathTrick(path: string): string | undefined {
  if (PLAIN.test(path)) return undefined;
  if (!path.startsWith('/')) return 'The request line has no path that begins with a slash.';
  if (path.includes('//')) return 'The path has an empty segment.';
  if (ENCODED_TRICK.test(path) || ENCODED_TRICK.test(decodedOnce(path))) {
    return 'The path has an encoded dot, slash, backslash or null.';
  }
  if (BAD_ESCAPE.test(path)) return 'The path has a malformed percent escape.';
  if (FORBIDDEN.test(path)) return 'The path has a backslash, a space or a control character.';
  if (DOT_SEGMENT.test(path)) return 'The path has a dot segment.';
  return undefined;
}

/** The path with ASCII escapes decoded once, which reveals a double escape. */
function decodedOnce(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** `%61uth` is `auth` to a service: rules and public paths must match what the service reads. */
function normalised(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/%([0-7][0-9a-f])/gi, (escape, digits: string) => {
    const character = String.fromCharCode(parseInt(digits, 16));
    return /[A-Za-z0-9_~-]/.test(character) ? character : escape;
  });
}

export interface Match {
  readonly route: Route;
  /** Path at the service. */
  readonly path: string;
  readonly isPublic: boolean;
  /** Roles that may call; undefined: every logged-in user. */
  readonly roles?: readonly Role[];
}

const PUBLIC_METHODS = new Set(['GET', 'HEAD', 'POST']);
/** The services' own operations are for the platform, not for its users. */
const INTERNAL = new Set(['/live', '/health', '/metrics', '/openapi.json', '/docs', '/redoc']);

/** The most specific route for a path; the table is ordered. */
export function matchRoute(routes: readonly Route[], method: string, rawPath: string): Match | undefined {
  const path = normalised(rawPath);
  const route = routes.find(({ prefix }) =>
    path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')
  );
  if (!route) return undefined;
  const rest = path.slice(route.prefix.length);
  const target = `${route.rewrite}${rest}` || '/';
  if (isInternal(target)) return undefined;
  const isPublic = PUBLIC_METHODS.has(method) && route.public.includes(rest);
  return {
    route,
    path: target,
    isPublic,
    roles: isPublic || !route.rules ? undefined : rolesFor(route.rules, method, rest),
  };
}

export const isInternal = (path: string): boolean => INTERNAL.has(withoutTail(path));

/** The first matching rule decides. Services ignore a slash at the end, so this does too. */
function rolesFor(rules: readonly Rule[], method: string, rest: string): readonly Role[] | undefined {
  const asked = method === 'HEAD' ? 'GET' : method;
  const segments = withoutTail(rest).split('/').slice(1);
  return rules.find(({ methods, path }) => (!methods || methods.includes(asked)) && fits(path, segments))
    ?.roles;
}

const withoutTail = (path: string): string => path.endsWith('/') ? path.replace(/\/+$/, '') : path;

/** `*` stands for one segment, `**` at the end for any number. */
function fits(pattern: string, segments: readonly string[]): boolean {
  const wanted = withoutTail(pattern).split('/').slice(1);
  const open = wanted.at(-1) === '**';
  if (open) wanted.pop();
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  return wanted.every((want, index) => want === '*' || want === segments[index]);
}

/** Rewrites a `Location` of a service to the gateway's path; leaves any other unchanged. */
export function externalLocation(routes: readonly Route[], route: Route, location: string): string {
  const path = location.startsWith(`${route.upstream}/`) ? location.slice(route.upstream.length) : location;
  if (!path.startsWith('/') || path.startsWith('//')) return location;
  return externalPath(routes, route.upstream, path) ?? location;
}

/** The gateway's path for a path of a service; undefined when the gateway does not serve it. */
export function externalPath(routes: readonly Route[], upstream: string, path: string): string | undefined {
  const homes = routes.filter((route) =>
    route.upstream === upstream && (path === route.rewrite || path.startsWith(`${route.rewrite}/`))
  );
  const home = homes.toSorted((a, b) => b.rewrite.length - a.rewrite.length)[0];
  return home && `${home.prefix}${path.slice(home.rewrite.length)}`;
}
