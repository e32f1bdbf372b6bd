/** Services that fail, are away or have replicas: the callers' answers, and the retries. */
import { Clock } from '../src/clock.ts';
import { Exchange } from '../src/exchange.ts';
import { Metrics } from '../src/metrics.ts';
import { RequestBody } from '../src/request_body.ts';
import { Upstream } from '../src/upstream.ts';
import {
  assert,
  assertEquals,
  bearer,
  clientOf,
  freePort,
  PATIENCE_MS,
  route,
  settingsFor,
  startGateway,
  startService,
  testLogger,
  waitUntil,
} from './support.ts';

Deno.test('a service that is away is a 503, and is left alone after five calls', async () => {
  const port = freePort();
  await using gateway = await startGateway(settingsFor([route(`http://127.0.0.1:${port}`)]));
  const ask = async () => {
    const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() });
    const { detail } = await response.json();
    return [response.status, detail, response.headers.get('retry-after')];
  };
  const away = 'The service ai-assistant is not available.';
  for (let i = 0; i < 4; i++) assertEquals(await ask(), [503, away, '1']);
  assertEquals(await ask(), [503, away, '10']);
  let calls = 0;
  const service = startService(() => {
    calls++;
    return new Response();
  }, port);
  assertEquals((await ask())[0], 503);
  assertEquals(calls, 0);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert(metrics.includes('gateway_breaker_state{upstream="ai-assistant"} 2'));
  assert(metrics.includes('gateway_upstream_requests_total{upstream="ai-assistant",status="unreachable"} 5'));
  assert(metrics.includes('gateway_upstream_requests_total{upstream="ai-assistant",status="retried"} 4'));
  assert(
    metrics.includes('gateway_upstream_requests_total{upstream="ai-assistant",status="short-circuited"} 1'),
  );
  await service.close();
});

/** Drops the first connections, then answers. */
function droppingService(drops: number) {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const state = { connections: 0 };
  const serve = async () => {
    for await (const connection of listener) {
      state.connections++;
      await connection.read(new Uint8Array(4096));
      if (state.connections > drops) {
        await connection.write(
          new TextEncoder().encode('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'),
        );
      }
      connection.close();
    }
  };
  const served = serve();
  const { port } = listener.addr as Deno.NetAddr;
  const close = async () => {
    listener.close();
    await served;
  };
  return { url: `http://127.0.0.1:${port}`, state, close };
}

Deno.test('a call that does no harm twice is tried once more; others are not', async () => {
  const cases: [string, string | undefined, number, number][] = [
    ['GET', undefined, 200, 2],
    ['DELETE', undefined, 200, 2],
    ['POST', 'text', 503, 1],
    ['POST', undefined, 503, 1],
    ['PUT', 'text', 503, 1],
  ];
  for (const [method, body, status, connections] of cases) {
    const service = droppingService(1);
    await using gateway = await startGateway(settingsFor([route(service.url)]));
    const response = await fetch(`${gateway.url}/api/ai/x`, { method, headers: await bearer(), body });
    await response.body?.cancel();
    assertEquals([method, response.status, service.state.connections], [method, status, connections]);
    await service.close();
  }
});

Deno.test('an error of a service is passed on and does not open the circuit', async () => {
  const service = startService(() => Response.json({ title: 'No key' }, { status: 503 }));
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  for (let i = 0; i < 7; i++) {
    const response = await fetch(`${gateway.url}/api/ai/chat`, { method: 'POST', headers: await bearer() });
    assertEquals([response.status, (await response.json()).title], [503, 'No key']);
  }
  await service.close();
});

Deno.test('a compressed answer is readable', async () => {
  const service = startService(() => {
    const zipped = new Blob(['plain text']).stream().pipeThrough(new CompressionStream('gzip'));
    return new Response(zipped, { headers: { 'Content-Encoding': 'gzip' } });
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() });
  assertEquals(await response.text(), 'plain text');
  await service.close();
});

Deno.test('the replicas are asked where DNS names them', async () => {
  const service = startService(() => new Response('a replica'));
  const endpoints = `localhost:${service.port}`;
  await using gateway = await startGateway(
    settingsFor([route(`http://127.0.0.1:${freePort()}`, { endpoints })]),
  );
  const metrics = () => fetch(`${gateway.url}/metrics`).then((response) => response.text());
  await waitUntil(async () => (await metrics()).includes('gateway_endpoints{upstream="ai-assistant"} 1'));
  const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() });
  assertEquals([response.status, await response.text()], [200, 'a replica']);
  await service.close();
});

/** One call through an upstream, without a gateway around it. */
async function callOnce(upstream: Upstream, method = 'GET', body?: string): Promise<string> {
  const headers = body ? { 'Content-Length': String(body.length) } : undefined;
  const exchange = new Exchange(clientOf({ method, headers, body }), () => {});
  const limits = {
    maxBodyBytes: 1_000,
    bodyTimeoutSeconds: PATIENCE_MS / 1000,
    uploadSeconds: PATIENCE_MS / 1000,
  };
  const call = {
    exchange,
    target: '/x',
    headers: [],
    body: new RequestBody(exchange, limits),
    timeoutMs: PATIENCE_MS,
    deadlineMs: PATIENCE_MS,
    idleMs: PATIENCE_MS,
  };
  const answer = await upstream.call(call, () => {});
  assert(answer.body instanceof Uint8Array, 'the body is not whole');
  return new TextDecoder().decode(answer.body);
}

Deno.test('an answer keeps its body when its connection serves the next call', async () => {
  let calls = 0;
  const service = startService(() => new Response(`answer ${++calls}`));
  const clock = new Clock();
  const upstream = new Upstream({ name: 'ai', upstream: service.url }, new Metrics('0'), testLogger(), clock);
  assertEquals([await callOnce(upstream), await callOnce(upstream)], ['answer 1', 'answer 2']);
  upstream.close();
  clock.stop();
  await service.close();
});

Deno.test('a replica that is gone costs no request, and is soon left alone', async () => {
  const service = startService(async (request) => new Response(`ok ${await request.text()}`));
  const metrics = new Metrics('0');
  const clock = new Clock();
  const upstream = new Upstream(
    {
      name: 'ai',
      upstream: `http://127.0.0.1:${freePort()}`,
      endpoints: `pods:${service.port}`,
      resolve: () => Promise.resolve(['127.0.0.1', '127.0.0.2']),
    },
    metrics,
    testLogger(),
    clock,
  );
  await upstream.endpoints.start();
  for (let i = 0; i < 30; i++) assertEquals(await callOnce(upstream), 'ok ');
  assertEquals(await callOnce(upstream, 'POST', 'text'), 'ok text');
  const [good, gone] = upstream.endpoints.all;
  assertEquals([good?.isEjected, gone?.isEjected], [false, true]);
  assertEquals([good?.inFlight, gone?.inFlight], [0, 0]);
  assert((await metrics.render()).includes('gateway_ejections_total{upstream="ai"} 1'));
  upstream.close();
  clock.stop();
  await service.close();
});

Deno.test('a service that fails every call gets few calls twice', async () => {
  const service = droppingService(1_000);
  const clock = new Clock();
  const upstream = new Upstream(
    { name: 'ai', upstream: service.url, breaker: { failures: 1_000, openMs: 1 } },
    new Metrics('0'),
    testLogger(),
    clock,
  );
  for (let i = 0; i < 100; i++) {
    assertEquals(await callOnce(upstream).catch((error) => error.status), 503);
  }
  assertEquals(service.state.connections, 123);
  upstream.close();
  clock.stop();
  await service.close();
});
