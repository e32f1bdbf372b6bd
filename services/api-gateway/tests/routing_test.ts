import { externalLocation, matchRoute, pathTrick, splitTarget } from '../src/routing.ts';
import { parseRoutes } from '../src/routes.ts';
import { assert, assertEquals } from './support.ts';
import { topologyRoutes } from './topology.ts';

const fail = (reason: string): never => {
  throw new Error(reason);
};
const routes = topologyRoutes();

const EXAMPLES: [string, string, string, string, boolean][] = [
  ['GET', '/api/ai/models', 'ai-assistant', '/models', false],
  ['GET', '/api/ai', 'ai-assistant', '/', false],
  ['GET', '/api/1c/reports/7', 'onec-integration', '/reports/7', false],
  ['POST', '/api/users/auth/login', 'user-management', '/auth/login', true],
  ['POST', '/api/users/auth/register', 'user-management', '/auth/register', true],
  ['GET', '/api/users/auth/verify-email', 'user-management', '/auth/verify-email', true],
  ['HEAD', '/api/users/auth/oidc/callback', 'user-management', '/auth/oidc/callback', true],
  ['GET', '/api/users/sign-in/methods', 'user-management', '/sign-in/methods', true],
  ['GET', '/api/users/%61uth/%6cogin', 'user-management', '/auth/login', true],
  ['PUT', '/api/users/auth/login', 'user-management', '/auth/login', false],
  ['POST', '/api/users/auth/password/change', 'user-management', '/auth/password/change', false],
  ['POST', '/api/users/auth/login/x', 'user-management', '/auth/login/x', false],
  ['POST', '/api/users/auth/logout', 'user-management', '/auth/logout', false],
  ['GET', '/api/users/42', 'user-management', '/users/42', false],
  ['GET', '/api/users/authors', 'user-management', '/users/authors', false],
  ['POST', '/api/analytics/reports/generate', 'analytics', '/reports/generate', false],
  ['GET', '/api/security/alerts', 'security', '/alerts', false],
];

Deno.test('paths go to their services', () => {
  for (const [method, path, service, target, isPublic] of EXAMPLES) {
    const match = matchRoute(routes, method, path);
    assertEquals([path, match?.route.service, match?.path, match?.isPublic], [
      path,
      service,
      target,
      isPublic,
    ]);
  }
});

Deno.test('unknown paths have no route', () => {
  for (const path of ['/', '/api', '/api/', '/api/aix', '/API/ai/models', '/users/1']) {
    assertEquals(matchRoute(routes, 'GET', path), undefined);
  }
});

Deno.test('AI and analytics get 60 seconds, the others 30', () => {
  const slow = routes.filter(({ timeoutMs }) => timeoutMs === 60_000).map(({ service }) => service)
    .toSorted();
  assertEquals(slow, ['ai-assistant', 'analytics']);
  assert(routes.every(({ timeoutMs }) => timeoutMs === 60_000 || timeoutMs === 30_000));
});

Deno.test('path tricks are found', () => {
  const tricks = [
    '//x',
    '/api//ai',
    '/api/ai/../users',
    '/api/ai/.',
    '/api/ai/..',
    '/api/..;/users',
    '/api/ai/%2e%2e/x',
    '/api/ai/%2E/x',
    '/api/ai%2fmodels',
    '/api/ai%252fmodels',
    '/api/ai/%25%32%65',
    '/api\\ai',
    '/api/ai/%5cx',
    '/api/ai/%00',
    '/api/ai/%zz',
    '/api/ai/%2',
    '/api/ai/a b',
  ];
  for (const path of tricks) assert(pathTrick(path), `${path} was let through`);
});

Deno.test('ordinary paths are not tricks', () => {
  for (
    const path of [
      '/',
      '/api/ai/models',
      '/api/ai/v1.5/..x/a...b/.well-known',
      '/api/1c/%D0%A1',
      '/api/a%25/b+c;d=1',
    ]
  ) {
    assertEquals(pathTrick(path), undefined);
  }
});

Deno.test('the target is taken as the client wrote it', () => {
  assertEquals(splitTarget('/b/../c?d=//e'), { path: '/b/../c', query: '?d=//e' });
  assertEquals(splitTarget('/'), { path: '/', query: '' });
  assertEquals(splitTarget('http://a/b?c'), { path: 'http://a/b', query: '?c' });
});

Deno.test('locations of a service are those of the gateway to the client', () => {
  const auth = routes.find(({ prefix }) => prefix === '/api/users/auth');
  assert(auth);
  assertEquals(externalLocation(routes, auth, '/users/1?x=2'), '/api/users/1?x=2');
  assertEquals(externalLocation(routes, auth, `${auth.upstream}/auth/login`), '/api/users/auth/login');
  assertEquals(
    externalLocation(routes, auth, 'https://elsewhere.example/users/1'),
    'https://elsewhere.example/users/1',
  );
  assertEquals(externalLocation(routes, auth, '//elsewhere/users/1'), '//elsewhere/users/1');
  const ai = matchRoute(routes, 'GET', '/api/ai/x')?.route;
  assert(ai);
  assertEquals(externalLocation(routes, ai, '/models'), '/api/ai/models');
});

Deno.test('the first rule that fits says who may', () => {
  const rolesOf = (method: string, path: string) => matchRoute(routes, method, path)?.roles?.join();
  assertEquals(rolesOf('PUT', '/api/users/7/role'), 'admin');
  assertEquals(rolesOf('GET', '/api/users'), 'admin');
  assertEquals(rolesOf('PUT', '/api/users/7/role/x'), undefined);
  assertEquals(rolesOf('GET', '/api/users/7'), undefined);
  assertEquals(rolesOf('POST', '/api/security/audit/log'), 'user,analyst,admin');
  assertEquals(rolesOf('GET', '/api/security/audit/log'), 'analyst,admin');
  assertEquals(rolesOf('HEAD', '/api/security'), 'analyst,admin');
  const table = [{ path: '/', roles: ['admin'] }, { path: '/a/**', roles: ['analyst'] }];
  const [own] = parseRoutes(
    JSON.stringify([{
      prefix: '/api/x',
      service: 'x',
      upstream: 'http://x:1',
      rewrite: '',
      timeoutMs: 1,
      public: [],
      rules: table,
    }]),
    fail,
  );
  assert(own);
  const ownRoles = (path: string) => matchRoute([own], 'GET', `/api/x${path}`)?.roles?.join();
  assertEquals(['', '/', '/a', '/a/b/c', '/b'].map(ownRoles), [
    'admin',
    'admin',
    'analyst',
    'analyst',
    undefined,
  ]);
});

Deno.test('the most specific prefix of a table comes first', () => {
  const table = [
    { prefix: '/api/x', service: 'x', upstream: 'http://x:1', rewrite: '', timeoutMs: 1000, public: [] },
    {
      prefix: '/api/x/y',
      service: 'y',
      upstream: 'http://y:1/',
      rewrite: '/z',
      timeoutMs: 1000,
      public: ['/in'],
      requestsPerMinute: 5,
    },
  ];
  const parsed = parseRoutes(JSON.stringify(table), fail);
  assertEquals(parsed.map(({ prefix, upstream }) => [prefix, upstream]), [
    ['/api/x/y', 'http://y:1'],
    ['/api/x', 'http://x:1'],
  ]);
});
