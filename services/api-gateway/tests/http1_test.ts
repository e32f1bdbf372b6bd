import {
  assert,
  assertEquals,
  bearer,
  bytesOf,
  closeQuietly,
  route,
  settingsFor,
  startGateway,
  startRawService,
  startService,
} from './support.ts';

/** Asks a service that answers each request with these bytes, in these pieces. */
async function answerTo(pieces: string[], { method = 'GET', close = false, pauseMs = 5 } = {}) {
  const service = startRawService(async (connection) => {
    for (const piece of pieces) {
      await connection.write(Uint8Array.from(piece, (character) => character.charCodeAt(0)));
      if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    if (close) closeQuietly(connection);
  });
  try {
    await using gateway = await startGateway(settingsFor([route(service.url)]));
    const response = await fetch(`${gateway.url}/api/ai/x`, { method, headers: await bearer() });
    const text = await response.text().catch(() => 'cut off');
    return { status: response.status, headers: response.headers, text, connections: service.received.length };
  } finally {
    await service.close();
  }
}

Deno.test('answers are understood in whatever pieces they come', async () => {
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nB\r\n, wonderful\r\n0\r\nX-Trailer: 1\r\n\r\n';
  for (
    const pieces of [
      ['HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nhello, wonderful'],
      ['HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r', '\nhello, ', 'wonderful'],
      ['HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nhello, wonderful'],
      [chunked],
      [...chunked],
    ]
  ) {
    const answer = await answerTo(pieces, { pauseMs: 0 });
    assertEquals([answer.status, answer.text, answer.headers.has('x-trailer')], [
      200,
      'hello, wonderful',
      false,
    ]);
  }
});

Deno.test('a body without length lasts until the connection ends', async () => {
  const answer = await answerTo(['HTTP/1.0 200 OK\r\n\r\n', 'hello, ', 'wonderful'], { close: true });
  assertEquals([answer.status, answer.text], [200, 'hello, wonderful']);
});

Deno.test('header values keep their bytes, and repeated headers stay apart', async () => {
  const { headers } = await answerTo([
    'HTTP/1.1 200 OK\r\nX-Name: \xdf\x9f\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n',
  ]);
  assertEquals([headers.get('x-name'), headers.getSetCookie(), headers.has('x-hop')], [
    '\xdf\x9f',
    ['a=1', 'b=2'],
    false,
  ]);
});

Deno.test('HEAD has the length of what GET would answer', async () => {
  const answer = await answerTo(['HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n'], { method: 'HEAD' });
  assertEquals([answer.status, answer.headers.get('content-length'), answer.text], [200, '16', '']);
});

Deno.test('answers that break the rules are a 502', async () => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  for (
    const text of [
      'hello there, this is no HTTP\r\n\r\n',
      'HTTP/1.1 99 OK\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
      'HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nok',
      `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
      `${ok}Content-Length: -2\r\n\r\nok`,
      `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
      `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`,
      `${ok}X-A: 1\r\n folded: 2\r\n\r\n`,
      `${ok}no colon\r\n\r\n`,
      `${ok}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`,
      `${ok}X-A: a\rX-B: b\r\nContent-Length: 0\r\n\r\n`,
      `${ok}X-A: a\nX-B: b\r\nContent-Length: 0\r\n\r\n`,
      `${ok}X-Large: ${'x'.repeat(70_000)}\r\n\r\n`,
    ]
  ) {
    const answer = await answerTo([text]);
    assertEquals([text.slice(0, 80), answer.status], [text.slice(0, 80), 502]);
  }
});

Deno.test('a small answer that breaks off is a 502, a stream is cut off', async () => {
  const short = await answerTo(['HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nhello'], { close: true });
  assertEquals(short.status, 502);
  for (const framing of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
    const long = await answerTo([`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n8\r\nhello`], { close: true });
    assertEquals([framing, long.status, long.text], [framing, 200, 'cut off']);
  }
  const torn = await answerTo([
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX\r\n0\r\n\r\n',
  ]);
  assertEquals(torn.text, 'cut off');
});

Deno.test('connections are used again, unless the service says otherwise or goes on talking', async () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const cases: [string, number][] = [
    [ok, 1],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 1],
    [ok.replace('Content', 'Connection: close\r\nContent'), 3],
    [ok.replace('1.1', '1.0'), 3],
    [`${ok}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother`, 3],
  ];
  for (const [text, connections] of cases) {
    const service = startRawService(async (connection) => {
      await connection.write(bytesOf(text));
    });
    await using gateway = await startGateway(settingsFor([route(service.url)]));
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() });
      assertEquals(await response.text(), 'ok');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assertEquals([text, service.received.length], [text, connections]);
    await service.close();
  }
});

Deno.test('large bodies pass whole in both directions', async () => {
  const service = startService((request) => new Response(request.body, { headers: { 'X-Sent': 'back' } }));
  await using gateway = await startGateway(settingsFor([route(service.url)], { maxBodyBytes: 50_000_000 }));
  const body = new Uint8Array(20_000_000).map((_, index) => index % 251);
  const response = await fetch(`${gateway.url}/api/ai/x`, { method: 'POST', headers: await bearer(), body });
  const back = await response.bytes();
  assertEquals(back.length, body.length);
  assert(back.every((byte, index) => byte === index % 251), 'bytes have changed');
  await service.close();
});

Deno.test('an answer that comes before the whole request counts, and its connection is not used again', async () => {
  const service = startRawService(async (connection, received) => {
    if (received.includes('\r\n\r\n')) {
      await connection.write(bytesOf('HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno'));
    }
  });
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const answer = fetch(`${gateway.url}/api/ai/x`, {
    method: 'POST',
    headers: await bearer(),
    body: readable,
  });
  await writer.write(bytesOf('some'));
  const response = await answer;
  assertEquals([response.status, await response.text()], [409, 'no']);
  await writer.close().catch(() => undefined);
  await (await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer() })).body?.cancel();
  assertEquals(service.received.length, 2);
  await service.close();
});
