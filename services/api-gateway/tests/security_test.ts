/** Attacks on the gateway. The service behind it records requests: no attack may reach it. */
import { SignJWT } from 'jose';
import { newKey, type SigningKey, startKeyServer } from './keys.ts';
import { redisTest, startRedis } from './redis_server.ts';
import { RedisStore } from '../src/redis.ts';
import {
  assert,
  assertEquals,
  bearer,
  bytesOf,
  claimsOf,
  GenerousStore,
  KEY,
  PATIENCE_MS,
  rawRequest,
  REDIS_LIMITS,
  route,
  settingsFor,
  startGateway,
  startRawService,
  startService,
  testLogger,
  token,
  type TokenOptions,
  USER_ID,
  waitUntil,
} from './support.ts';

const base64 = (value: unknown) =>
  btoa(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_')
    .replaceAll('=', '');

/** The statuses of a gateway with this key for the tokens, and the requests that reached its service. */
async function statusesFor(key: SigningKey | undefined, tokens: string[]): Promise<number[]> {
  const seen: string[] = [];
  const service = startService((request) => {
    seen.push(request.headers.get('authorization') ?? '');
    return new Response('ok');
  });
  const server = key && startKeyServer(key);
  const settings = settingsFor([route(service.url)]);
  const jwt = server && key
    ? { ...settings.jwt, key: undefined, jwksUrl: server.url, algorithm: key.jwk.alg as 'RS256' }
    : settings.jwt;
  const statuses: number[] = [];
  {
    await using gateway = await startGateway({ ...settings, jwt });
    for (const text of tokens) {
      const headers = { Authorization: `Bearer ${text}` };
      const response = await fetch(`${gateway.url}/api/ai/x`, { headers });
      await response.body?.cancel();
      statuses.push(response.status);
    }
  }
  assertEquals(seen.length, statuses.filter((status) => status === 200).length);
  await service.close();
  await server?.close();
  return statuses;
}

const refused = async (...options: TokenOptions[]) => {
  const tokens = await Promise.all(options.map((option) => token(option)));
  assertEquals(await statusesFor(undefined, [...tokens, await token()]), [...tokens.map(() => 401), 200]);
};
const now = () => Math.floor(Date.now() / 1000);

Deno.test('security: tokens with alg none are refused, in every spelling', async () => {
  const payload = base64(claimsOf());
  const [, , signature = ''] = (await token()).split('.');
  const tokens = ['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) =>
    ['', signature].map((end) => `${base64({ alg, typ: 'JWT' })}.${payload}.${end}`)
  );
  assertEquals(await statusesFor(undefined, tokens), tokens.map(() => 401));
  assertEquals(await statusesFor(await newKey('RS256', 'a'), tokens), tokens.map(() => 401));
});

for (const algorithm of ['RS256', 'ES256'] as const) {
  Deno.test(`security: HS256 signed with the public key of ${algorithm} is refused`, async () => {
    const key = await newKey(algorithm, 'a');
    const sign = (secret: string) =>
      new SignJWT(claimsOf()).setProtectedHeader({ alg: 'HS256', kid: 'a' }).sign(bytesOf(secret));
    const tokens = await Promise.all(
      [key.pem, key.pem.trim(), JSON.stringify(key.jwk), key.jwk.n ?? key.jwk.x ?? ''].map(sign),
    );
    assertEquals(await statusesFor(key, [...tokens, await key.token()]), [...tokens.map(() => 401), 200]);
  });
}

Deno.test('security: a key that the token brings along is not trusted', async () => {
  const [key, own] = [await newKey('ES256', 'a'), await newKey('ES256', 'a')];
  const tokens = [
    await own.token(),
    await own.token({}, { jwk: own.jwk }),
    await own.token({}, { jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/chain' }),
  ];
  assertEquals(await statusesFor(key, tokens), [401, 401, 401]);
});

Deno.test('security: kid injection finds no key', async () => {
  const [key, own] = [await newKey('RS256', 'a'), await newKey('RS256', 'evil')];
  const kids = [
    'unknown',
    '',
    '../../../../dev/null',
    '/dev/null',
    'file:///etc/passwd',
    'http://127.0.0.1:1/key',
    "a' OR '1'='1",
    "x' UNION SELECT 'key",
    '__proto__',
    'constructor',
    'a\u0000',
    'a'.repeat(5_000),
  ];
  const tokens = await Promise.all(kids.map((kid) => own.token({}, { kid })));
  assertEquals(await statusesFor(key, tokens), kids.map(() => 401));
  const strange = [7, null, ['a'], { a: 1 }].map((kid) => {
    return `${base64({ alg: 'RS256', kid })}.${base64(claimsOf())}.${base64('x')}`;
  });
  assertEquals(await statusesFor(key, strange), strange.map(() => 401));
});

Deno.test('security: a wrong issuer is refused', () =>
  refused({ claims: { iss: 'someone' } }, { claims: { iss: undefined } }, { claims: { iss: '' } }));

Deno.test('security: a wrong audience is refused', () =>
  refused({ claims: { aud: 'someone' } }, { claims: { aud: undefined } }, { claims: { aud: ['a', 'b'] } }));

Deno.test('security: an expired token is refused', () =>
  refused({ expiresIn: -31 }, { claims: { exp: undefined } }, { claims: { exp: 'never' } }));

Deno.test('security: a token that is not yet valid is refused', () =>
  refused({ claims: { nbf: now() + 60 } }, { claims: { iat: now() + 60 } }));

Deno.test('security: a token signed with another key is refused', () =>
  refused({ key: 'another key of thirty-two bytes or more' }, { algorithm: 'HS512', key: KEY + KEY }));

Deno.test('security: a changed payload is refused', async () => {
  const [head, , signature] = (await token()).split('.');
  const changed = `${head}.${base64(claimsOf({ role: 'admin' }))}.${signature}`;
  assertEquals(await statusesFor(undefined, [await token(), changed]), [200, 401]);
});

redisTest('security: a forged X-Forwarded-For escapes no limit', async () => {
  const redis = await startRedis();
  const store = new RedisStore(
    { host: '127.0.0.1', port: redis.port, isSecure: false },
    () => [redis.password],
    testLogger(),
    REDIS_LIMITS,
  );
  store.start();
  await waitUntil(() => store.ping().then(() => true, () => false));
  const service = startService(() => new Response('ok'));
  const login = route(service.url, { public: ['/login'], requestsPerMinute: 5 });
  await using gateway = await startGateway(settingsFor([login]), store);
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++) {
    const headers = { 'X-Forwarded-For': `9.9.9.${i}, 2001:db8::${i}, 10.0.0.1`, 'X-Real-Ip': `8.8.8.${i}` };
    const response = await fetch(`${gateway.url}/api/ai/login`, { method: 'POST', headers });
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assertEquals(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
  store.close();
  await redis.stop();
  await service.close();
});

Deno.test('security: the service is told the address that the edge saw, not the one the client invents', async () => {
  const service = startService((request) => new Response(request.headers.get('x-forwarded-for')));
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const headers = { ...await bearer(), 'X-Forwarded-For': '127.0.0.1, 6.6.6.6, 10.0.0.9' };
  assertEquals(await (await fetch(`${gateway.url}/api/ai/x`, { headers })).text(), '10.0.0.9');
  await service.close();
});

const PATH_TRICKS = [
  '//api/ai/x',
  '/api//ai/x',
  '/api/ai//x',
  '/api/ai/../security/alerts',
  '/api/ai/..',
  '/api/ai/./x',
  '/api/ai/..;/x',
  '/api/ai/%2e%2e/security',
  '/api/ai/%2E%2E/security',
  '/api/ai/.%2e/security',
  '/api/ai%2f..%2fsecurity',
  '/api/ai/%252e%252e/x',
  '/api/ai/%25%32%65/x',
  '/api\\ai\\x',
  '/api/ai/..\\x',
  '/api/ai/%5c..%5cx',
  '/api/ai/%00',
  '/api/ai/%zz',
];
const NO_SUCH_PATHS = ['/API/ai/x', '/api/AI/x', '/Api/Ai/x', '/api/aix', '/%61pi/ai%20/x', '/api', '/'];
const INTERNAL_PATHS = [
  '/api/ai/metrics',
  '/api/ai/health',
  '/api/ai/live/',
  '/api/ai/%6detrics',
  '/api/ai/docs',
  '/api/ai/openapi.json',
];

Deno.test('security: path tricks reach no service', async () => {
  const seen: string[] = [];
  const service = startService((request) => {
    seen.push(request.url);
    return new Response('ok');
  });
  const rules = [{ path: '/**', roles: ['admin'] as const }];
  await using gateway = await startGateway(
    settingsFor([route(service.url), route(service.url, { prefix: '/api/security', service: 's', rules })]),
  );
  const { Authorization } = await bearer();
  const statusOf = async (path: string) => {
    const head = `GET ${path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: ${Authorization}\r\n\r\n`;
    return (await rawRequest(gateway.port, head)).split(' ')[1];
  };
  for (const path of PATH_TRICKS) assertEquals([path, await statusOf(path)], [path, '400']);
  for (const path of NO_SUCH_PATHS) assertEquals([path, await statusOf(path)], [path, '404']);
  for (const path of INTERNAL_PATHS) assertEquals([path, await statusOf(path)], [path, '404']);
  for (const path of ['/api/security/x', '/api/%73ecurity/x', '/api/security', '/api/security/']) {
    assertEquals([path, await statusOf(path)], [path, '403']);
  }
  assertEquals(seen, []);
  await service.close();
});

Deno.test('security: roles are checked whatever way a path is spelt', async () => {
  const service = startService(() => new Response('ok'));
  const users = route(service.url, {
    prefix: '/api/users',
    service: 'users',
    rewrite: '/users',
    rules: [{ methods: ['PUT'], path: '/*/role', roles: ['admin'] }],
  });
  const security = route(service.url, {
    prefix: '/api/security',
    service: 'security',
    rules: [
      { methods: ['POST'], path: '/audit/log', roles: ['user', 'analyst', 'admin'] },
      { path: '/**', roles: ['analyst', 'admin'] },
    ],
  });
  await using gateway = await startGateway(settingsFor([users, security]));
  const cases: [string, string, string, number][] = [
    ['PUT', '/api/users/7/role', 'user', 403],
    ['PUT', '/api/users/7/role/', 'analyst', 403],
    ['PUT', '/api/users/7/%72ole', 'user', 403],
    ['PUT', '/api/users/7/role', 'admin', 200],
    ['GET', '/api/users/7', 'user', 200],
    ['POST', '/api/security/audit/log', 'user', 200],
    ['GET', '/api/security/audit/log', 'user', 403],
    ['GET', '/api/security/threats', 'user', 403],
    ['HEAD', '/api/security/threats', 'user', 403],
    ['GET', '/api/security/threats/', 'user', 403],
    ['GET', '/api/security/%74hreats', 'user', 403],
    ['GET', '/api/security/threats', 'analyst', 200],
    ['GET', '/api/security/alerts/9', 'admin', 200],
  ];
  for (const [method, path, role, status] of cases) {
    const headers = await bearer({ claims: { role } });
    const response = await fetch(`${gateway.url}${path}`, { method, headers });
    await response.body?.cancel();
    assertEquals([method, path, role, response.status], [method, path, role, status]);
  }
  await service.close();
});

Deno.test('security: an oversized body is refused, announced or not', async () => {
  let received = 0;
  const service = startService(async (request) => {
    received = (await request.bytes().catch(() => new Uint8Array())).length;
    return new Response('ok');
  });
  await using gateway = await startGateway(settingsFor([route(service.url)], { maxBodyBytes: 1_000 }));
  const headers = await bearer();
  const post = async (body: BodyInit) => {
    const response = await fetch(`${gateway.url}/api/ai/x`, { method: 'POST', headers, body });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await post(new Uint8Array(1_001)), 413);
  assertEquals(await post(ReadableStream.from(Array.from({ length: 50 }, () => new Uint8Array(100)))), 413);
  assertEquals(received, 0);
  await service.close();
});

Deno.test('security: a body that comes too slowly is ended with 408', async () => {
  const service = startService(async (request) => {
    await request.bytes().catch(() => undefined);
    return new Response('ok');
  });
  await using gateway = await startGateway(settingsFor([route(service.url)], { bodyTimeoutSeconds: 1 }));
  const { Authorization } = await bearer();
  const head = `POST /api/ai/x HTTP/1.1\r\nHost: gateway\r\nAuthorization: ${Authorization}\r\n`;
  for (
    const framing of ['Content-Length: 100\r\n\r\nsome', 'Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n']
  ) {
    const started = performance.now();
    const answer = await rawRequest(gateway.port, `${head}${framing}`);
    assertEquals(answer.split(' ')[1], '408');
    assert(/connection: close/i.test(answer), answer);
    assert(performance.now() - started < PATIENCE_MS, 'the gateway waited too long');
  }
  await service.close();
});

Deno.test('security: a body that drips without an end is ended with 408', async () => {
  const service = startService(async (request) => {
    await request.bytes().catch(() => undefined);
    return new Response('ok');
  });
  await using gateway = await startGateway(settingsFor([route(service.url, { timeoutMs: 300 })]));
  const { Authorization } = await bearer();
  using connection = await Deno.connect({ hostname: '127.0.0.1', port: gateway.port });
  const head = `POST /api/ai/x HTTP/1.1\r\nHost: g\r\nAuthorization: ${Authorization}\r\n`;
  await connection.write(bytesOf(`${head}Content-Length: 100000\r\n\r\n`));
  const dripping = setInterval(() => void connection.write(bytesOf('x')).catch(() => 0), 50);
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer) ?? 0;
  clearInterval(dripping);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, count)).split(' ')[1], '408');
  await service.close();
});

Deno.test('a body that keeps coming may take longer than an answer', async () => {
  const service = startService(async (request) => new Response(String((await request.bytes()).length)));
  const settings = settingsFor([route(service.url, { timeoutMs: 2000 })]);
  await using gateway = await startGateway(settings);
  const parts = 30;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (let part = 0; part < parts; part++) {
        controller.enqueue(new Uint8Array(1000));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      controller.close();
    },
  });
  const answer = await fetch(`${gateway.url}/api/ai/x`, { method: 'POST', headers: await bearer(), body });
  assertEquals([answer.status, await answer.text()], [200, String(parts * 1000)]);
  await service.close();
});

Deno.test('security: heads and targets have a size', async () => {
  const service = startService(() => new Response('ok'));
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { Authorization } = await bearer();
  const status = async (target: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${gateway.url}${target}`, { headers: { Authorization, ...headers } });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status('/api/ai/x', { 'X-Large': 'x'.repeat(33_000) }), 431);
  assertEquals(await status(`/api/ai/x?${'q'.repeat(17_000)}`), 414);
  assertEquals(await status(`/api/ai/x?${'q'.repeat(10_000)}`, { 'X-Fine': 'x'.repeat(10_000) }), 200);
  await service.close();
});

Deno.test('security: identity headers of the client do not reach the service', async () => {
  const service = startService((request) => Response.json(Object.fromEntries(request.headers)));
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/in'] })]));
  const smuggled = [
    'X-User-Id',
    'X-User-Role',
    'X-User-Name',
    'X_User_Id',
    'X_User-Role',
    'X-USER-ID',
    'X-Forwarded-User',
    'X-Auth-Request-User',
    'X-Authenticated-Userid',
    'X-Remote-User',
    'Remote-User',
    'X-Role',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'X-Real-IP',
    'Forwarded',
    'Proxy-Authorization',
  ];
  const lines = smuggled.map((name) => `${name}: smuggled`).join('\r\n');
  for (const hidden of ['', 'Connection: X-User-Id\r\n']) {
    const head = `GET /api/ai/in HTTP/1.1\r\nHost: g\r\n${hidden}${lines}\r\n\r\n`;
    const answer = await rawRequest(gateway.port, head);
    assert(answer.startsWith('HTTP/1.1 200'), answer);
    assert(!answer.includes('smuggled'), answer);
  }
  const headers = { ...await bearer(), 'X-User-Id': 'root', 'X-User-Role': 'admin' };
  const seen = await (await fetch(`${gateway.url}/api/ai/x`, { headers })).json();
  assertEquals([seen['x-user-id'], seen['x-user-role']], [USER_ID, 'analyst']);
  await service.close();
});

Deno.test('security: requests that two servers could read differently are refused', async () => {
  const seen: string[] = [];
  const service = startService(async (request) => {
    seen.push(await request.text());
    return new Response('ok');
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { Authorization } = await bearer();
  const head = `POST /api/ai/x HTTP/1.1\r\nHost: g\r\nAuthorization: ${Authorization}\r\n`;
  const smuggled = 'GET /api/ai/admin HTTP/1.1\r\nHost: g\r\n\r\n';
  for (
    const rest of [
      `Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
      `Transfer-Encoding: gzip\r\n\r\nabc`,
      `Content-Length: x\r\n\r\nabc`,
    ]
  ) {
    const answer = await rawRequest(gateway.port, `${head}${rest}`);
    assertEquals([rest, answer.startsWith('HTTP/1.1 400') || answer === ''], [rest, true]);
  }
  const both = `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`;
  await rawRequest(gateway.port, `${head}${both}`);
  assert(seen.every((body) => !body.includes('admin')), `the service saw ${seen}`);
  await service.close();
});

Deno.test('security: a body where none belongs does not become part of the next request', async () => {
  const service = startRawService(async (connection, received) => {
    if (received.endsWith('\r\n\r\n')) {
      await connection.write(bytesOf('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 2\r\n\r\nno'));
    }
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { Authorization } = await bearer();
  for (const method of ['GET', 'HEAD']) {
    const head = `${method} /api/ai/x HTTP/1.1\r\nHost: g\r\nAuthorization: ${Authorization}\r\n`;
    for (
      const rest of [
        'Content-Length: 3\r\n\r\nabc',
        'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      ]
    ) {
      const answer = await rawRequest(gateway.port, `${head}${rest}`);
      assertEquals([method, rest, answer.split(' ')[1]], [method, rest, '405']);
    }
  }
  const text = service.received.join('');
  assert(!/content-length|transfer-encoding|\nabc/i.test(text), text);
  await service.close();
});

Deno.test('security: no token, password or query is in the log', async () => {
  const service = startService(() =>
    new Response('ok', { status: 302, headers: { Location: '/in?token=secret' } })
  );
  await using gateway = await startGateway(
    settingsFor([route(service.url, { public: ['/in'] })]),
    new GenerousStore(),
  );
  const headers = { ...await bearer(), 'X-Request-Id': 'secrets-0001', 'Cookie': 'session=secret' };
  const response = await fetch(`${gateway.url}/api/ai/in?token=secret&password=secret`, {
    method: 'POST',
    headers,
    body: 'password=secret',
    redirect: 'manual',
  });
  await response.body?.cancel();
  assertEquals((await gateway.accessLine('secrets-0001')).path, '/api/ai/in');
  const text = JSON.stringify(gateway.log);
  assert(!text.includes('secret"') && !text.includes('=secret') && !text.includes('Bearer'), text);
  await service.close();
});
