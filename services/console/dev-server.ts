/**
 * Serves dist/ like the gateway, and forwards all other requests to a gateway. For development and tests:
 *
 *     deno task serve http://127.0.0.1:3000 8080
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "frame-src 'self' blob:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};
/** The client has left. */
const LEFT = 499;
const API = /^\/(api|auth)\//;

const [gateway, port = '8080'] = Deno.args;
if (!gateway || !URL.canParse(gateway)) {
  throw new Error(`"${gateway}" is not the URL of a gateway, such as http://127.0.0.1:3000`);
}

Deno.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  onListen: ({ port }) => console.log(`http://localhost:${port}`),
}, (request) => API.test(new URL(request.url).pathname) ? passedOn(request, gateway) : file(request));

async function passedOn(request: Request, gateway: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  // The edge routes /auth to user-management; the gateway serves it below this path.
  const path = pathname.replace(/^\/auth\//, '/api/users/auth/');
  const headers = new Headers(request.headers);
  headers.delete('host');
  const { method, body, signal } = request;
  const asked = { method, headers, body, signal, redirect: 'manual' } as const;
  const answer = await fetch(new URL(path + search, gateway), asked).catch((error) => {
    if (signal.aborted) return new Response(null, { status: LEFT });
    throw error;
  });
  // fetch has already decoded the body.
  const passed = new Headers(answer.headers);
  passed.delete('content-encoding');
  passed.delete('content-length');
  return new Response(answer.body, { status: answer.status, headers: passed });
}

async function file(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const name = pathname === '/' ? '/index.html' : pathname;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  if (!type || !/^\/(index\.html|assets\/[\w-]+\.\w+)$/.test(name)) {
    return new Response('Not found', { status: 404 });
  }
  const headers = {
    'Content-Type': type,
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
  };
  try {
    return new Response(await Deno.readFile(`dist${name}`), { headers });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Response('Not found', { status: 404 });
    throw error;
  }
}
