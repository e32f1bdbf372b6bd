/** The limits of the server, and the strictness of its parser. */
import {
  assert,
  assertEquals,
  bearer,
  bytesOf,
  closeQuietly,
  GenerousStore,
  rawRequest,
  route,
  type RunningGateway,
  settingsFor,
  startGateway,
  startRawService,
  startService,
  waitUntil,
} from './support.ts';

const SLOW_MS = 30_000;

async function connect({ port }: RunningGateway, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: '127.0.0.1', port });
  if (text) await connection.write(bytesOf(text));
  return connection;
}

/** All bytes until the other side closes. */
async function readToEnd(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  const decoder = new TextDecoder('latin1');
  let text = '';
  const timer = setTimeout(() => closeQuietly(connection), SLOW_MS);
  try {
    for (let count = await connection.read(buffer); count; count = await connection.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, count));
    }
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return text;
    throw error;
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
}

const isOpen = ({ port }: RunningGateway) =>
  fetch(`http://127.0.0.1:${port}/live`).then(async (response) => {
    await response.body?.cancel();
    return response.ok;
  }, () => false);

Deno.test('security: a head has a time limit, wherever it stops and whatever came before', async () => {
  await using gateway = await startGateway(
    settingsFor([route('http://127.0.0.1:1')], { headTimeoutSeconds: 1 }),
  );
  const beginnings = [
    '',
    'G',
    'GET /live HTTP/1.1\r\n',
    'GET /live HTTP/1.1\r\nHost: g\r\nX-A: ',
    'GET /live HTTP/1.1\r\nHost: g\r\n\r\nGET /live HTTP/1.1\r\nHost: g\r\nX-A: ',
    'POST /api/ai/x HTTP/1.1\r\nHost: g\r\n',
    '\r\n\r\n',
  ];
  const connections = await Promise.all(beginnings.map((text) => connect(gateway, text)));
  const drip = setInterval(() => {
    // All but the silent one continue byte by byte: the time limit is for the whole head.
    for (const connection of connections.slice(3, 5)) connection.write(bytesOf('a')).catch(() => 0);
  }, 100);
  const answers = await Promise.all(connections.map(readToEnd));
  clearInterval(drip);
  for (const [index, answer] of answers.entries()) {
    const last = answer.slice(answer.lastIndexOf('HTTP/1.1'));
    // The server closes without an answer to bytes that follow an answer on the same connection.
    const isOver = answer === '' || last.startsWith('HTTP/1.1 408') || index === 4;
    assert(isOver, `${JSON.stringify(beginnings[index])}: ${answer}`);
  }
  assert(answers[3]?.includes('application/problem+json'));
});

Deno.test('security: no more than so many connections are held, and others come in when they end', async () => {
  await using gateway = await startGateway(settingsFor([route('http://127.0.0.1:1')], { maxConnections: 3 }));
  const held = await Promise.all([1, 2, 3].map(() => connect(gateway, 'GET /live HTTP/1.1\r\n')));
  await waitUntil(async () => !await isOpen(gateway));
  assertEquals(await readToEnd(await connect(gateway, 'GET /live HTTP/1.1\r\nHost: g\r\n\r\n')), '');
  held.forEach(closeQuietly);
  await waitUntil(() => isOpen(gateway));
});

Deno.test('security: a drain does not wait for connections that say nothing', async () => {
  const gateway = await startGateway(settingsFor([route('http://127.0.0.1:1')], { headTimeoutSeconds: 60 }));
  const connections = await Promise.all(
    ['', 'GET /live HT', 'GET /live HTTP/1.1\r\nHost: g\r\n\r\n'].map((text) => connect(gateway, text)),
  );
  await gateway[Symbol.asyncDispose]();
  await Promise.all(connections.map(readToEnd));
});

Deno.test('security: Host is a host, or the request is refused before it is routed', async () => {
  const seen: string[] = [];
  const service = startService((request) => {
    seen.push(request.url);
    return new Response(request.headers.get('x-forwarded-host'));
  });
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/pub'] })]));
  const statusOf = async (lines: string, target = '/api/ai/pub', version = '1.1') =>
    (await rawRequest(gateway.port, `GET ${target} HTTP/${version}\r\n${lines}Connection: close\r\n\r\n`))
      .split(' ')[1];
  const wrong = [
    ...[
      'g/api/ai/pub?',
      'g?',
      'g#',
      'g/',
      '/',
      'http://g',
      'u@g',
      'g:',
      'g:1:2',
      'g:x',
      'g:123456',
      'a b',
      'a,b',
    ],
    ...[
      '',
      ' ',
      '[::1',
      '::1',
      '[g]',
      '-',
      '.g',
      'g\\x',
      'g%2f',
      'g;x',
      "g'",
      '\xe4',
      '*',
      `${'g'.repeat(300)}`,
    ],
  ];
  for (const host of wrong) assertEquals([host, await statusOf(`Host: ${host}\r\n`)], [host, '400']);
  assertEquals(await statusOf(''), '400');
  assertEquals(await statusOf('Host: a\r\nHost: b\r\n'), '400');
  assertEquals(await statusOf('Host: a\r\n', 'http://a/api/ai/pub'), '400');
  assertEquals(await statusOf('Host: a/b\r\n', '/live'), '400');
  assertEquals(seen, []);
  const good = ['g', 'g:80', 'a.b-c.example:8443', '10.0.0.1', '[2001:db8::1]:443', 'user_management', 'g.'];
  for (const host of good) assertEquals([host, await statusOf(`Host: ${host}\r\n`)], [host, '200']);
  assertEquals(await statusOf('', '/api/ai/pub', '1.0'), '200');
  await service.close();
});

Deno.test('what the gateway says of itself is there to be read, whatever the method', async () => {
  await using gateway = await startGateway(settingsFor([route('http://127.0.0.1:1')]));
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH']) {
    const answer = await rawRequest(gateway.port, `${method} /live HTTP/1.1\r\nHost: g\r\n\r\n`);
    assert(/^HTTP\/1.1 405/.test(answer) && /^allow: GET, HEAD\r$/mi.test(answer), `${method}: ${answer}`);
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert(metrics.includes('http_requests_total{method="OTHER",route="/live",status="405"} 3'), metrics);
});

Deno.test('security: a forwarded host that is none is not passed on', async () => {
  const service = startService((request) => new Response(request.headers.get('x-forwarded-host')));
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/pub'] })]));
  for (
    const [forwarded, expected] of [['app.example', 'app.example'], ['evil/x?', `127.0.0.1:${gateway.port}`]]
  ) {
    const headers = { 'X-Forwarded-Host': forwarded ?? '' };
    assertEquals(await (await fetch(`${gateway.url}/api/ai/pub`, { headers })).text(), expected);
  }
  await service.close();
});

Deno.test('bodies pass whatever the method, but for GET and HEAD, where they have no meaning', async () => {
  const service = startService(async (request) => new Response(`${request.method} ${await request.text()}`));
  await using gateway = await startGateway(settingsFor([route(service.url)]));
  const { Authorization } = await bearer();
  const framings = [
    'Content-Length: 5\r\n\r\nhello',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ];
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET']) {
    for (const framing of framings) {
      const head =
        `${method} /api/ai/x HTTP/1.1\r\nHost: g\r\nConnection: close\r\nAuthorization: ${Authorization}\r\n`;
      const answer = await readToEnd(await connect(gateway, head + framing));
      const expected = method === 'GET' ? 'GET ' : `${method} hello`;
      assert(answer.startsWith('HTTP/1.1 200') && answer.endsWith(`\r\n\r\n${expected}`), answer);
    }
  }
  await service.close();
});

Deno.test('security: numbers and lists in headers are read as strictly as they are written', async () => {
  const seen: string[] = [];
  const service = startService((request) => {
    seen.push(request.url);
    return new Response('ok');
  });
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/pub'] })]));
  const lengths = ['+5', '-5', '0x5', '5.0', '5e0', ' ', '5 5', '5, 5', '5,', '٥', '9'.repeat(16), '1_0'];
  const codings = [
    'x',
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'xchunked',
    '',
    '"chunked"',
  ];
  const headers = [
    ...lengths.map((text) => `Content-Length: ${text}`),
    ...codings.map((text) => `Transfer-Encoding: ${text}`),
    'Content-Length: 5\r\nContent-Length: 5',
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'Content-Length : 5',
    'Content-Length: 5\r\n folded',
  ];
  for (const header of headers) {
    const head = `POST /api/ai/pub HTTP/1.1\r\nHost: g\r\nConnection: close\r\n${header}\r\n\r\nhello`;
    const answer = await readToEnd(await connect(gateway, head));
    assertEquals([header, answer === '' || /^HTTP\/1.1 4(00|13)/.test(answer)], [header, true]);
  }
  assertEquals(seen, []);
  await service.close();
});

Deno.test('security: what is refused early is counted, and cut where it is repeated', async () => {
  const store = new GenerousStore();
  await using gateway = await startGateway(settingsFor([route('http://127.0.0.1:1')]), store);
  const long = 'a'.repeat(12_000);
  const requests = [
    `GET /${'a'.repeat(30_000)} HTTP/1.1\r\nHost: g\r\n`,
    `GET /${long} HTTP/1.1\r\nHost: g\r\n`,
    `GET /api/ai/../${long} HTTP/1.1\r\nHost: g\r\n`,
    `GET /api/ai/x?${'q'.repeat(30_000)} HTTP/1.1\r\nHost: g\r\n`,
    `TRACE /${long} HTTP/1.1\r\nHost: g\r\n`,
    `GET /${long} HTTP/1.1\r\nHost: ${long}\r\n`,
    `GET /x HTTP/1.1\r\nHost: g\r\nX-Request-Id: ${long}\r\ntraceparent: ${long}\r\nOrigin: ${long}\r\n`,
    `GET /x HTTP/1.1\r\nHost: g\r\nX-Forwarded-For: fe80::1%${long}\r\n`,
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: g\r\n`,
    `${long} / HTTP/1.1\r\nHost: g\r\n`,
  ];
  for (const request of requests) {
    const before = JSON.stringify(gateway.log).length;
    const answer = await readToEnd(await connect(gateway, `${request}Connection: close\r\n\r\n`));
    assert(/^HTTP\/1.1 4\d\d/.test(answer), answer.slice(0, 200));
    assert(answer.length < 2_048, `${request.slice(0, 40)}: an answer of ${answer.length} bytes`);
    const logged = JSON.stringify(gateway.log).length - before;
    assert(logged < 2_048, `${request.slice(0, 40)}: ${logged} bytes of log`);
  }
  assertEquals(store.quotas.length, 7);
});

Deno.test('security: no control character in an answer reaches a client, or ends anything', async () => {
  let line = '';
  const service = startRawService(async (connection, received) => {
    if (!received.endsWith('\r\n\r\n')) return;
    const text = `HTTP/1.1 200 OK\r\n${line}\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`;
    await connection.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    closeQuietly(connection);
  });
  const log: string[] = [];
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/pub'] })]));
  const statusWith = async (text: string) => {
    line = text;
    const response = await fetch(`${gateway.url}/api/ai/pub`, { redirect: 'manual' });
    await response.body?.cancel();
    return response.status;
  };
  for (const code of [...Array(34).keys(), 58, ...Array(6).keys().map((key) => 126 + key), 160, 255]) {
    const character = String.fromCharCode(code);
    const isControl = (code < 32 && code !== 9) || code === 127;
    for (const text of [`X-A: a${character}b`, `Location: http://x/${character}`, `X-${character}Y: a`]) {
      const isGood = /^[\w!#$%&'*+.^`|~:-]+: /.test(text) && !isControl;
      const status = await statusWith(text);
      if (status !== (isGood ? 200 : 502)) log.push(`${JSON.stringify(text)}: ${status}`);
      // Five failures in a row would open the circuit.
      assertEquals(await statusWith('X-A: good'), 200);
    }
  }
  assertEquals(log, []);
  await service.close();
});

Deno.test('answers say in lists how their connections go on', async () => {
  const ok = 'Content-Length: 2\r\n\r\nok';
  const cases: [string, number][] = [
    ['HTTP/1.1 200 OK\r\nConnection: x, close\r\n', 3],
    ['HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: CLOSE\r\n', 3],
    ['HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\n', 3],
    ['HTTP/1.1 200 OK\r\nConnection: not-close\r\n', 1],
    ['HTTP/1.0 200 OK\r\nConnection: x-keep-alive\r\n', 3],
    ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n', 1],
  ];
  for (const [head, connections] of cases) {
    const service = startRawService(async (connection) => {
      await connection.write(bytesOf(head + ok));
    });
    await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/pub'] })]));
    for (let i = 0; i < 3; i++) assertEquals(await (await fetch(`${gateway.url}/api/ai/pub`)).text(), 'ok');
    assertEquals([head, service.received.length], [head, connections]);
    await service.close();
  }
});

Deno.test('what any Connection header of an answer names stays with the gateway', async () => {
  const service = startRawService(async (connection) => {
    await connection.write(bytesOf(
      'HTTP/1.1 200 OK\r\nConnection: X-One\r\nConnection: close, X-Two\r\nX-One: 1\r\nX-Two: 2\r\nContent-Length: 0\r\n\r\n',
    ));
  });
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/pub'] })]));
  const { headers } = await fetch(`${gateway.url}/api/ai/pub`);
  assertEquals([headers.has('x-one'), headers.has('x-two')], [false, false]);
  await service.close();
});

Deno.test('security: a client that reads nothing is not waited for beyond the deadline', async () => {
  const service = startService(() =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }),
    )
  );
  await using gateway = await startGateway(
    settingsFor([route(service.url, { public: ['/pub'], timeoutMs: 500, deadlineMs: 1_000 })]),
  );
  const connection = await connect(
    gateway,
    'GET /api/ai/pub HTTP/1.1\r\nHost: g\r\nX-Request-Id: reads-nothing\r\n\r\n',
  );
  assertEquals((await gateway.accessLine('reads-nothing')).status, 504);
  closeQuietly(connection);
  await service.close();
});

Deno.test('security: a connection whose client takes nothing is ended, though its answers are small', async () => {
  const service = startService(() => new Response('x'.repeat(16_000)));
  const settings = settingsFor([route(service.url, { public: ['/pub'] })], {
    streamIdleSeconds: 1,
    maxConnections: 1,
  });
  await using gateway = await startGateway(settings);
  // More answers than the kernel buffers for a client that does not read.
  const connection = await connect(gateway, 'GET /api/ai/pub HTTP/1.1\r\nHost: g\r\n\r\n'.repeat(1_500));
  await waitUntil(async () => !await isOpen(gateway));
  await waitUntil(() => isOpen(gateway));
  closeQuietly(connection);
  await service.close();
});

Deno.test('security: the body of a refused request is not read to its end', async () => {
  await using gateway = await startGateway(settingsFor([route('http://127.0.0.1:1')]));
  const connection = await connect(
    gateway,
    'POST /api/ai/x HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n',
  );
  const answer = await readToEnd(connection);
  assert(answer.startsWith('HTTP/1.1 401') && /connection: close/i.test(answer), answer);
  const small = await connect(gateway, 'POST /api/ai/x HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\n');
  assert((await readToEnd(small)).startsWith('HTTP/1.1 401'));
});
