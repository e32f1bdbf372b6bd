/** Bodies and events pass unbuffered, within their time limits. */
import {
  assert,
  assertEquals,
  bearer,
  passTime,
  PATIENCE_MS,
  route,
  settingsFor,
  settled,
  startGateway,
  startService,
  waitUntil,
} from './support.ts';

const encode = (text: string) => new TextEncoder().encode(text);

/** A service that streams on a test's command, and records when its client leaves. */
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
  await using gateway = await startGateway(settingsFor([route(service.url)]));
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
  await using gateway = await startGateway(settingsFor([route(service.url)]));
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
  await using gateway = await startGateway(settingsFor([route(service.url)]));
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
  const client = new AbortController();
  const service = startService((request) => {
    client.abort();
    request.signal.addEventListener('abort', () => aborted = true);
    return release.promise;
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0003' };
  const result = await fetch(`${gateway.url}/api/ai/chat`, { headers, signal: client.signal })
    .then(() => 'answered', () => 'left');
  assertEquals(result, 'left');
  await waitUntil(() => aborted);
  assertEquals((await gateway.accessLine('stream-0003')).status, 499);
  release.resolve(new Response());
  await service.close();
});

/** Longer than the time after which the gateway watches whether the client leaves. */
const WATCHED_MS = 150;
const later = () => new Promise<void>((resolve) => setTimeout(resolve, WATCHED_MS));

/** Reads one answer: its head, and its body by length or chunks. */
async function readAnswer(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  let text = '';
  for (;;) {
    const count = await connection.read(buffer);
    assert(count !== null, `the connection ended after ${JSON.stringify(text)}`);
    text += new TextDecoder().decode(buffer.subarray(0, count));
    const [, head = '', body = ''] = /^(.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
    const length = /^content-length: (\d+)$/im.exec(head)?.[1];
    if (length === undefined ? body.endsWith('0\r\n\r\n') : body.length === Number(length)) return text;
  }
}

Deno.test('a connection serves the next request, whatever the answer before it was', async () => {
  const parts = () =>
    new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(encode('data: one\n\n'));
        await later();
        controller.close();
      },
    });
  const answers: Readonly<Record<string, () => Promise<Response>>> = {
    streamed: () => later().then(() => new Response(parts())),
    slow: () => later().then(() => Response.json({ slow: true })),
    quick: () => Promise.resolve(Response.json({ quick: true })),
    failed: () => Promise.resolve(new Response('no', { status: 500 })),
  };
  const service = startService(async (request) => {
    await request.body?.cancel();
    return await answers[request.url.split('/').at(-1) ?? '']?.() ?? new Response('?');
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { Authorization } = await bearer();
  using connection = await Deno.connect({ hostname: '127.0.0.1', port: gateway.port });
  const ask = async (path: string, authorization = Authorization) => {
    const head =
      `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Length: 2\r\n\r\n`;
    await connection.write(encode(`${head}{}`));
    return (await readAnswer(connection)).slice(9, 12);
  };
  const seen: string[] = [];
  for (const path of ['streamed', 'slow', 'quick', 'failed', 'quick']) {
    seen.push(await ask(`/api/ai/${path}`));
  }
  seen.push(await ask('/api/ai/quick', 'Bearer none'), await ask('/nowhere'), await ask('/api/ai/quick'));
  assertEquals(seen, ['200', '200', '200', '500', '200', '401', '404', '200']);
  await service.close();
});

Deno.test('an answer that does not begin in time is a 504', async () => {
  const release = Promise.withResolvers<Response>();
  const service = startService(() => release.promise);
  await using gateway = await startGateway(settingsFor([route(service.url, { timeoutMs: 150 })]));
  const response = await fetch(`${gateway.url}/api/ai/slow`, { headers: await bearer() });
  assertEquals([response.status, response.headers.get('content-type')], [504, 'application/problem+json']);
  assertEquals((await response.json()).detail, 'The service ai-assistant did not answer within 0.15 s.');
  release.resolve(new Response());
  await service.close();
});

Deno.test('an answer that has begun may take until its deadline', async () => {
  const { service, state } = streamingService();
  await using gateway = await startGateway(
    settingsFor([route(service.url, { timeoutMs: PATIENCE_MS, deadlineMs: 3 * PATIENCE_MS })], {
      streamIdleSeconds: 3 * PATIENCE_MS / 1000,
    }),
  );
  const response = await fetch(`${gateway.url}/api/ai/chat`, { headers: await bearer() });
  await passTime(2 * PATIENCE_MS);
  state.controller?.enqueue(encode('data: late\n\n'));
  state.controller?.close();
  assertEquals(await response.text(), 'data: one\n\ndata: late\n\n');
  await service.close();
});

Deno.test('a stream that pauses for too long is cut off', async () => {
  const { service, state } = streamingService();
  const settings = settingsFor([route(service.url, { timeoutMs: 3 * PATIENCE_MS })]);
  await using gateway = await startGateway(settings);
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0005' };
  const response = await fetch(`${gateway.url}/api/ai/chat`, { headers });
  await passTime(PATIENCE_MS);
  assertEquals(await response.text().then(() => 'whole', () => 'cut off'), 'cut off');
  await waitUntil(() => state.cancelled);
  assertEquals((await gateway.accessLine('stream-0005')).status, 504);
  await service.close();
});

Deno.test('a reader that is slow is not taken for a stream that pauses', async () => {
  let sent = 0;
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === 30_000_000) return controller.close();
        controller.enqueue(new Uint8Array(100_000));
        sent += 100_000;
      },
    });
  const service = startService(() => new Response(body()));
  const settings = settingsFor([route(service.url, { timeoutMs: 3 * PATIENCE_MS })]);
  await using gateway = await startGateway(settings);
  const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() });
  const reader = response.body?.getReader();
  let [received, reads] = [0, 0];
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    received += part.value.length;
    if (reads++ === 3) {
      await settled(() => sent);
      await passTime(2 * PATIENCE_MS);
    }
  }
  assertEquals(received, 30_000_000);
  await service.close();
});

Deno.test('the time for an answer begins when the request is complete', async () => {
  const service = startService(async (request) => new Response(`${(await request.bytes()).length}`));
  await using gateway = await startGateway(
    settingsFor([route(service.url, { timeoutMs: PATIENCE_MS, deadlineMs: 10 * PATIENCE_MS })]),
  );
  const drip = async function* () {
    for (let i = 0; i < 5; i++) {
      yield encode('x');
      await passTime(PATIENCE_MS / 2);
    }
  };
  const response = await fetch(`${gateway.url}/api/ai/x`, {
    method: 'POST',
    headers: await bearer(),
    body: ReadableStream.from(drip()),
  });
  assertEquals([response.status, await response.text()], [200, '5']);
  await service.close();
});

Deno.test('the deadline covers the body too', async () => {
  const { service, state } = streamingService();
  await using gateway = await startGateway(
    settingsFor([route(service.url)], { streamIdleSeconds: 3 * PATIENCE_MS / 1000 }),
  );
  const headers = { ...await bearer(), 'X-Request-Id': 'stream-0004' };
  const response = await fetch(`${gateway.url}/api/ai/chat`, { headers });
  assertEquals(response.status, 200);
  await passTime(PATIENCE_MS);
  assertEquals(await response.text().then(() => 'whole', () => 'cut off'), 'cut off');
  await waitUntil(() => state.cancelled);
  assertEquals((await gateway.accessLine('stream-0004')).status, 504);
  await service.close();
});
