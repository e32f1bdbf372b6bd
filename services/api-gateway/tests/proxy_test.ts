import {
  AbsentStore,
  assert,
  assertEquals,
  bearer,
  GenerousStore,
  rawRequest,
  route,
  settingsFor,
  startGateway,
  startService,
  USER_ID,
} from './support.ts';

const echo: Deno.ServeHandler = async (request) =>
  Response.json({
    method: request.method,
    target: request.url.slice(request.url.indexOf('/', 8)),
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  }, {
    status: 201,
    headers: {
      'X-Answer': 'yes',
      'Location': '/things/7',
      'Server': 'hidden',
      'X-Request-Id': 'of-the-service',
      'Access-Control-Allow-Origin': '*',
    },
  });

Deno.test('a request reaches its service with identity, and the answer comes back', async () => {
  const service = startService(echo);
  await using gateway = await startGateway(settingsFor([route(service.url, { rewrite: '/v1' })]));
  const response = await fetch(`${gateway.url}/api/ai/chat?q=1&q=%2F..`, {
    method: 'POST',
    headers: {
      ...await bearer(),
      'X-User-Id': 'someone',
      'X-Request-Id': 'request-0001',
      'X-Forwarded-User': 'root',
    },
    body: 'hello',
  });
  const seen = await response.json();
  assertEquals([response.status, seen.method, seen.target, seen.body], [
    201,
    'POST',
    '/v1/chat?q=1&q=%2F..',
    'hello',
  ]);
  assertEquals([seen.headers['x-user-id'], seen.headers['x-user-role']], [USER_ID, 'analyst']);
  assert(seen.headers.authorization.startsWith('Bearer '));
  assertEquals(seen.headers['x-forwarded-user'], undefined);
  assertEquals([seen.headers['x-forwarded-for'], seen.headers['x-request-id']], [
    '127.0.0.1',
    'request-0001',
  ]);
  assert(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(seen.headers.traceparent));
  const { headers } = response;
  assertEquals([headers.get('x-answer'), headers.get('x-request-id')], ['yes', 'request-0001']);
  assertEquals([headers.get('location'), headers.get('server')], ['/things/7', null]);
  assertEquals(headers.get('access-control-allow-origin'), null);
  assertEquals(headers.get('ratelimit-remaining'), '9');
  const line = await gateway.accessLine('request-0001');
  assertEquals(
    [line.method, line.path, line.route, line.status, line.upstream, line.user_id],
    ['POST', '/api/ai/chat', '/api/ai/*', 201, 'ai-assistant', USER_ID],
  );
  assert(!JSON.stringify(gateway.log).includes('Bearer'), 'a token is in the log');
  await service.close();
});

Deno.test('HEAD, 204 and 304 have no body; redirects are not followed; trace contexts pass', async () => {
  const service = startService((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/old') return new Response(null, { status: 302, headers: { Location: '/new' } });
    const status = Number(pathname.slice(1));
    return new Response(status === 200 ? 'text' : null, {
      status,
      headers: { 'X-Trace': request.headers.get('traceparent') ?? '' },
    });
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = { ...await bearer(), traceparent };
  for (
    const [method, path, status] of [['HEAD', '/200', 200], ['GET', '/204', 204], [
      'GET',
      '/304',
      304,
    ]] as const
  ) {
    const response = await fetch(`${gateway.url}/api/ai${path}`, { method, headers });
    assertEquals([response.status, await response.text()], [status, '']);
    const trace = response.headers.get('x-trace') ?? '';
    assert(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/.test(trace), trace);
    assert(trace !== traceparent, 'the call has no span of its own');
  }
  const moved = await fetch(`${gateway.url}/api/ai/old`, { headers, redirect: 'manual' });
  assertEquals([moved.status, moved.headers.get('location')], [302, '/api/ai/new']);
  await service.close();
});

Deno.test('without a good token only public routes are served', async () => {
  const service = startService(echo);
  const login = { prefix: '/api/users/auth', rewrite: '/auth', public: ['/login'], requestsPerMinute: 10 };
  const store = new GenerousStore();
  await using gateway = await startGateway(
    settingsFor([route(service.url, login), route(service.url)], {}),
    store,
  );
  const missing = await fetch(`${gateway.url}/api/ai/models`);
  assertEquals([missing.status, missing.headers.get('www-authenticate')], [401, 'Bearer']);
  assertEquals(missing.headers.get('content-type'), 'application/problem+json');
  const problem = await missing.json();
  assertEquals([problem.status, problem.title, problem.instance], [401, 'Unauthorized', '/api/ai/models']);
  assertEquals(problem.request_id, missing.headers.get('x-request-id'));
  const bad = await fetch(`${gateway.url}/api/ai/models`, {
    headers: await bearer({ claims: { aud: 'other' } }),
  });
  assertEquals([bad.status, bad.headers.get('www-authenticate')], [401, 'Bearer error="invalid_token"']);
  await bad.body?.cancel();
  const open = await fetch(`${gateway.url}/api/users/auth/login`, {
    method: 'POST',
    headers: { 'X-User-Role': 'admin' },
  });
  const seen = await open.json();
  assertEquals([open.status, seen.headers['x-user-id'], seen.headers['x-user-role']], [
    201,
    undefined,
    undefined,
  ]);
  assertEquals((await drop(fetch(`${gateway.url}/api/users/auth/login`))).status, 201);
  assertEquals((await drop(fetch(`${gateway.url}/api/users/auth/login`, { method: 'PUT' }))).status, 401);
  assertEquals(store.quotas.map(({ name, subject, perMinute }) => [name, subject, perMinute]), [
    ['common', 'address:127.0.0.1', 1000],
    ['common', 'address:127.0.0.1', 1000],
    ['/api/users/auth', 'address:127.0.0.1', 10],
    ['/api/users/auth', 'address:127.0.0.1', 10],
    ['/api/users/auth', 'address:127.0.0.1', 10],
  ]);
  await service.close();
});

async function drop(request: Promise<Response>): Promise<Response> {
  const response = await request;
  await response.body?.cancel();
  return response;
}

Deno.test('path tricks, unknown paths and unknown methods do not reach a service', async () => {
  const seen: string[] = [];
  const service = startService((request) => {
    seen.push(request.url);
    return new Response();
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { Authorization } = await bearer();
  const status = async (line: string) => {
    const answer = await rawRequest(
      gateway.port,
      `${line} HTTP/1.1\r\nHost: gateway\r\nAuthorization: ${Authorization}\r\n\r\n`,
    );
    return `${answer.split(' ')[1]} ${/application\/problem\+json/.test(answer)}`;
  };
  for (
    const path of [
      '//api/ai/x',
      '/api/ai/../x',
      '/api/ai/%2e%2E/x',
      '/api/ai%2Fx',
      '/api/ai\\x',
      '/api/ai//x',
      '/api/./ai/x',
    ]
  ) {
    assertEquals([path, await status(`GET ${path}`)], [path, '400 true']);
  }
  assertEquals(await status('GET http://other.example/api/ai/../x'), '400 true');
  assertEquals(await status('GET /elsewhere'), '404 true');
  assertEquals(await status('TRACE /api/ai/x'), '405 true');
  assertEquals(await status('PROPFIND /api/ai/x'), '405 true');
  assertEquals(await status('BREW /api/ai/x'), '400 true');
  assertEquals(seen, []);
  await service.close();
});

Deno.test('bodies over the limit are refused, declared or counted', async () => {
  let complete = 0;
  const service = startService(async (request) => {
    if (await request.bytes().then(() => false, () => true)) return new Response();
    complete++;
    return new Response();
  });
  await using gateway = await startGateway(settingsFor([route(service.url)], { maxBodyBytes: 1000 }));
  const send = async (body: BodyInit) =>
    await drop(fetch(`${gateway.url}/api/ai/x`, { method: 'POST', headers: await bearer(), body }));
  const chunks = (count: number) =>
    ReadableStream.from(Array.from({ length: count }, () => new Uint8Array(100)));
  assertEquals((await send(new Uint8Array(1000))).status, 200);
  assertEquals((await send(chunks(10))).status, 200);
  assertEquals((await send(new Uint8Array(1001))).status, 413);
  const counted = await send(chunks(30));
  assertEquals([counted.status, counted.headers.get('content-type')], [413, 'application/problem+json']);
  assertEquals(complete, 2);
  await service.close();
});

Deno.test('listed origins may read answers, errors too; others may not', async () => {
  const service = startService(echo);
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const ask = async (origin: string, init: RequestInit) =>
    await drop(fetch(`${gateway.url}/api/ai/x`, { ...init, headers: { Origin: origin, ...init.headers } }));
  const preflight = { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'PUT' } };
  const allowed = await ask('https://app.example.com', preflight);
  assertEquals([allowed.status, allowed.headers.get('access-control-allow-origin')], [
    204,
    'https://app.example.com',
  ]);
  assert(allowed.headers.get('access-control-allow-methods')?.includes('PUT'));
  assertEquals(
    (await ask('https://evil.example', preflight)).headers.get('access-control-allow-origin'),
    null,
  );
  const error = await ask('https://app.example.com', {});
  assertEquals([error.status, error.headers.get('access-control-allow-origin')], [
    401,
    'https://app.example.com',
  ]);
  const good = await ask('https://app.example.com', { headers: await bearer() });
  assertEquals([good.status, good.headers.get('access-control-allow-origin')], [
    201,
    'https://app.example.com',
  ]);
  assert(good.headers.get('vary')?.toLowerCase().includes('origin'));
  assertEquals(
    (await ask('https://evil.example', { headers: await bearer() })).headers.get(
      'access-control-allow-origin',
    ),
    null,
  );
  await service.close();
});

Deno.test('without Redis reads go on, and what changes something is refused', async () => {
  const service = startService(echo);
  const login = { prefix: '/api/users/auth', public: ['/login'], requestsPerMinute: 10 };
  await using gateway = await startGateway(
    settingsFor([route(service.url, login), route(service.url)]),
    new AbsentStore(),
  );
  const status = async (path: string, method: string) => {
    const response = await drop(fetch(`${gateway.url}${path}`, { method, headers: await bearer() }));
    return [response.status, response.headers.get('retry-after')];
  };
  assertEquals(await status('/api/ai/models', 'GET'), [201, null]);
  assertEquals(await status('/api/ai/chat', 'POST'), [503, '5']);
  assertEquals(await status('/api/users/auth/login', 'POST'), [503, '5']);
  assertEquals(await status('/api/users/auth/login', 'GET'), [503, '5']);
  assertEquals(await status('/health', 'GET'), [503, null]);
  assertEquals(await status('/live', 'GET'), [200, null]);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert(metrics.includes('gateway_rate_limit_decisions_total{quota="common",result="open"} 1'));
  assert(metrics.includes('gateway_rate_limit_decisions_total{quota="/api/users/auth",result="closed"} 2'));
  await service.close();
});

Deno.test('the gateway describes and measures itself', async () => {
  const service = startService(echo);
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/open'] })]));
  await drop(fetch(`${gateway.url}/api/ai/some/path`, { headers: await bearer() }));
  await drop(fetch(`${gateway.url}/elsewhere`));
  const health = await (await fetch(`${gateway.url}/health`)).json();
  assertEquals([health.status, health.service, health.version, health.checks.redis.status], [
    'ok',
    'api-gateway',
    '1.2.3',
    'ok',
  ]);
  const posted = await drop(fetch(`${gateway.url}/live`, { method: 'POST' }));
  assertEquals([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  for (
    const sample of [
      'http_requests_total{method="GET",route="/api/ai/*",status="201"} 1',
      'http_requests_total{method="GET",route="unmatched",status="404"} 1',
      'http_request_duration_seconds_count{method="GET",route="/api/ai/*"} 1',
      'gateway_upstream_requests_total{upstream="ai-assistant",status="201"} 1',
      'gateway_breaker_state{upstream="ai-assistant"} 0',
      'process_resident_memory_bytes ',
    ]
  ) assert(metrics.includes(sample), `${sample} is missing in\n${metrics}`);
  gateway.lifecycle.draining = true;
  const draining = await fetch(`${gateway.url}/health`);
  assertEquals([draining.status, (await draining.json()).checks.lifecycle], [503, { status: 'unavailable' }]);
  await service.close();
});
