import {
  assert,
  assertEquals,
  bearer,
  freePort,
  route,
  settingsFor,
  startGateway,
  startService,
  waitUntil,
} from './support.ts';

const encode = (text: string) => new TextEncoder().encode(text);

/** A service that streams what it is told to, and knows when its client is gone. */
function streamingService() {
  const state: { cancelled: boolean; controller?: ReadableStreamDefaultController<Uint8Array> } = {
    cancelled: false,
  };
  const service = startService(() => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        state.controller = controller;
        controller.enqueue(encode('data: one\n\n'));
      },
      cancel() {
        state.cancelled = true;
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  });
  return { service, state };
}

Deno.test('events pass one by one as they happen', async () => {
  const { service, state } = streamingService();
  await using gateway = startGateway(settingsFor([route(service.url)]));
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0001' };
  const response = await fetch(`${gateway.url}/api/ai/chat`, { headers });
  assertEquals(response.headers.get('content-type'), 'text/event-stream');
  assert(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, 'data: one\n\n');
  assertEquals(gateway.log.some(({ request_id }) => request_id === 'stream-0001'), false);
  state.controller?.enqueue(encode('data: two\n\n'));
  assertEquals((await reader.read()).value, 'data: two\n\n');
  state.controller?.close();
  assertEquals((await reader.read()).done, true);
  assertEquals((await gateway.accessLine('stream-0001')).status, 200);
  await service.close();
});

Deno.test('a request body passes while it is being sent', async () => {
  const received: string[] = [];
  const service = startService(async (request) => {
    for await (const chunk of request.body?.pipeThrough(new TextDecoderStream()) ?? []) received.push(chunk);
    return new Response(received.join('|'));
  });
  await using gateway = startGateway(settingsFor([route(service.url)]));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answer = fetch(`${gateway.url}/api/ai/upload`, {
    method: 'POST',
    headers: await bearer(),
    body: readable,
  });
  const writer = writable.getWriter();
  await writer.write(encode('first'));
  await waitUntil(() => received.length === 1);
  await writer.write(encode('second'));
  await writer.close();
  assertEquals(await (await answer).text(), 'first|second');
  await service.close();
});

Deno.test('a client that leaves a stream ends the call to the service', async () => {
  const { service, state } = streamingService();
  await using gateway = startGateway(settingsFor([route(service.url)]));
  const leave = new AbortController();
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0002' };
  const response = await fetch(`${gateway.url}/api/ai/chat`, { headers, signal: leave.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  leave.abort();
  await reader?.read().catch(() => undefined);
  await waitUntil(() => state.cancelled);
  assertEquals((await gateway.accessLine('stream-0002')).status, 499);
  await service.close();
});

Deno.test('a client that leaves before the answer ends the call to the service', async () => {
  let aborted = false;
  const release = Promise.withResolvers<Response>();
  const service = startService((request) => {
    request.signal.addEventListener('abort', () => aborted = true);
    return release.promise;
  });
  await using gateway = startGateway(settingsFor([route(service.url)]));
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0003' };
  const result = await fetch(`${gateway.url}/api/ai/chat`, { headers, signal: AbortSignal.timeout(100) })
    .then(() => 'answered', () => 'left');
  assertEquals(result, 'left');
  await waitUntil(() => aborted);
  assertEquals((await gateway.accessLine('stream-0003')).status, 499);
  release.resolve(new Response());
  await service.close();
});

Deno.test('an answer that does not begin in time is a 504', async () => {
  const release = Promise.withResolvers<Response>();
  const service = startService(() => release.promise);
  await using gateway = startGateway(settingsFor([route(service.url, { timeoutMs: 150 })]));
  const response = await fetch(`${gateway.url}/api/ai/slow`, { headers: await bearer() });
  assertEquals([response.status, response.headers.get('content-type')], [504, 'application/problem+json']);
  assertEquals((await response.json()).detail, 'The service ai-assistant did not answer within 0.15 s.');
  release.resolve(new Response());
  await service.close();
});

Deno.test('the deadline covers the body too', async () => {
  const { service, state } = streamingService();
  await using gateway = startGateway(settingsFor([route(service.url, { timeoutMs: 300 })]));
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0004' };
  const response = await fetch(`${gateway.url}/api/ai/chat`, { headers });
  assertEquals(response.status, 200);
  assertEquals(await response.text().then(() => 'whole', () => 'cut off'), 'cut off');
  await waitUntil(() => state.cancelled);
  assertEquals((await gateway.accessLine('stream-0004')).status, 504);
  await service.close();
});

Deno.test('a service that is away is a 503, and is left alone after five calls', async () => {
  const port = freePort();
  await using gateway = startGateway(settingsFor([route(`http://127.0.0.1:${port}`)]));
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
  assert(metrics.includes('gateway_upstream_requests_total{upstream="ai-assistant",status="retried"} 5'));
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
        await connection.write(encode('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'));
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
    await using gateway = startGateway(settingsFor([route(service.url)]));
    const response = await fetch(`${gateway.url}/api/ai/x`, { method, headers: await bearer(), body });
    await response.body?.cancel();
    assertEquals([method, response.status, service.state.connections], [method, status, connections]);
    await service.close();
  }
});

Deno.test('an error of a service is passed on and does not open the circuit', async () => {
  const service = startService(() => Response.json({ title: 'No key' }, { status: 503 }));
  await using gateway = startGateway(settingsFor([route(service.url)]));
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
  await using gateway = startGateway(settingsFor([route(service.url)]));
  const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() });
  assertEquals(await response.text(), 'plain text');
  await service.close();
});
