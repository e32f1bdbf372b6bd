import { WEB_SOCKET_LIMITS, type WebSocketLimits } from '../src/bridge.ts';
import {
  assert,
  assertEquals,
  bearer,
  freePort,
  GenerousStore,
  rawRequest,
  route,
  type RunningGateway,
  settingsFor,
  startGateway,
  startService,
  token,
  USER_ID,
  waitUntil,
} from './support.ts';
import type { Route } from '../src/routes.ts';

interface Closing {
  readonly code: number;
  readonly reason: string;
}

interface SeenRequest {
  readonly url: string;
  readonly headers: Headers;
}

/** A service that echoes, obeys commands, and records how its sockets ended. */
function echoService() {
  const state = { requests: [] as SeenRequest[], closings: [] as Closing[] };
  const service = startService((request) => {
    state.requests.push({ url: request.url, headers: new Headers(request.headers) });
    if (request.url.endsWith('/forbidden')) return new Response('no', { status: 403 });
    if (request.url.endsWith('/broken')) return new Response('no', { status: 500 });
    const offered = request.headers.get('sec-websocket-protocol')?.split(', ');
    const { socket, response } = Deno.upgradeWebSocket(request, offered ? { protocol: offered[0] } : {});
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send('welcome');
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string' && data.startsWith('close ')) {
        socket.close(Number(data.slice(6)), 'as told');
      } else socket.send(data);
    };
    socket.onclose = ({ code, reason }) => state.closings.push({ code, reason });
    socket.onerror = (event) => event.preventDefault();
    return response;
  });
  return { service, state };
}

interface Client {
  readonly socket: WebSocket;
  readonly messages: unknown[];
  readonly closed: Promise<Closing>;
}

function connect(gateway: RunningGateway, path: string, options: WebSocketOptions): Client {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, options);
  socket.binaryType = 'arraybuffer';
  const messages: unknown[] = [];
  socket.onmessage = ({ data }) => messages.push(data);
  socket.onerror = (event) => event.preventDefault();
  const closed = new Promise<Closing>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
  });
  return { socket, messages, closed };
}

async function withGateway(
  changes: Partial<Route>,
  run: (gateway: RunningGateway, state: ReturnType<typeof echoService>['state']) => Promise<void>,
): Promise<void> {
  const { service, state } = echoService();
  {
    await using gateway = await startGateway(settingsFor([route(service.url, changes)]));
    await run(gateway, state);
  }
  await service.close();
}

Deno.test('messages pass both ways, and the service knows who talks', () =>
  withGateway({}, async (gateway, { requests, closings }) => {
    const headers = { ...await bearer(), 'X-User-Id': 'root', 'X-Request-Id': 'socket-0001' };
    const { socket, messages, closed } = connect(gateway, '/api/ai/chat?a=1', { headers });
    await waitUntil(() => messages.length === 1);
    socket.send('hello');
    socket.send(new Uint8Array([1, 2, 3]));
    await waitUntil(() => messages.length === 3);
    assertEquals(messages.slice(0, 2), ['welcome', 'hello']);
    assertEquals([...new Uint8Array(messages[2] as ArrayBuffer)], [1, 2, 3]);
    const [seen] = requests;
    assert(seen);
    assert(seen.url.endsWith('/chat?a=1'));
    assertEquals([seen.headers.get('x-user-id'), seen.headers.get('x-request-id')], [USER_ID, 'socket-0001']);
    const metrics = () => fetch(`${gateway.url}/metrics`).then((response) => response.text());
    assert((await metrics()).includes('gateway_websockets{upstream="ai-assistant"} 1'));
    socket.close(4001, 'enough');
    assertEquals(await closed, { code: 4001, reason: 'enough' });
    await waitUntil(() => closings.length === 1);
    assertEquals(closings, [{ code: 4001, reason: 'enough' }]);
    assertEquals((await gateway.accessLine('socket-0001')).status, 101);
    assert((await metrics()).includes('gateway_websockets{upstream="ai-assistant"} 0'));
  }));

Deno.test('the codes with which a service closes are passed on', () =>
  withGateway({}, async (gateway) => {
    for (const code of [1000, 1001, 1008, 1011, 3000, 4999]) {
      const { socket, messages, closed } = connect(gateway, '/api/ai/x', { headers: await bearer() });
      await waitUntil(() => messages.length === 1);
      socket.send(`close ${code}`);
      assertEquals(await closed, { code, reason: 'as told' });
    }
  }));

Deno.test('a browser sends its token as a protocol', () =>
  withGateway({}, async (gateway, { requests }) => {
    const text = await token();
    const plain = connect(gateway, '/api/ai/x', { protocols: ['bearer', text] });
    await waitUntil(() => plain.messages.length === 1);
    assertEquals(plain.socket.protocol, 'bearer');
    const chosen = connect(gateway, '/api/ai/x', { protocols: ['bearer', text, 'chat.v2'] });
    await waitUntil(() => chosen.messages.length === 1);
    assertEquals(chosen.socket.protocol, 'chat.v2');
    assertEquals(requests.map(({ headers }) => headers.get('sec-websocket-protocol')), [null, 'chat.v2']);
    assertEquals(requests[0]?.headers.get('authorization'), `Bearer ${text}`);
    for (const { socket, closed } of [plain, chosen]) {
      socket.close();
      await closed;
    }
    assert(!JSON.stringify(gateway.log).includes(text), 'a token is in the log');
  }));

/** The status of the answer to an upgrade. */
async function upgradeStatus(gateway: RunningGateway, path: string, lines: string[] = []): Promise<string> {
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ].filter((line) => !lines.some((other) => other.split(':')[0] === line.split(':')[0]));
  const head = [`GET ${path} HTTP/1.1`, 'Host: gateway', ...handshake, ...lines].join('\r\n');
  return (await rawRequest(gateway.port, `${head}\r\n\r\n`)).split(' ')[1] ?? '';
}

Deno.test('security: no WebSocket without a good token, role and handshake', () =>
  withGateway({ rules: [{ path: '/admin', roles: ['admin'] }] }, async (gateway, { requests }) => {
    const good = `Authorization: ${(await bearer()).Authorization}`;
    assertEquals(await upgradeStatus(gateway, '/api/ai/x'), '401');
    assertEquals(await upgradeStatus(gateway, '/api/ai/x', ['Authorization: Bearer a.b.c']), '401');
    assertEquals(await upgradeStatus(gateway, '/api/ai/x', ['Sec-WebSocket-Protocol: bearer']), '401');
    assertEquals(await upgradeStatus(gateway, '/api/ai/x', ['Sec-WebSocket-Protocol: bearer, a.b.c']), '401');
    assertEquals(await upgradeStatus(gateway, '/api/ai/admin', [good]), '403');
    assertEquals(await upgradeStatus(gateway, '/api/ai/../x', [good]), '400');
    assertEquals(await upgradeStatus(gateway, '/api/ai/x', [good, 'Sec-WebSocket-Version: 8']), '400');
    assertEquals(await upgradeStatus(gateway, '/api/ai/x', [good, 'Connection: keep-alive']), '400');
    for (const protocols of ['a, a', 'a, b c', 'a/b']) {
      const lines = [good, `Sec-WebSocket-Protocol: ${protocols}`];
      assertEquals([protocols, await upgradeStatus(gateway, '/api/ai/x', lines)], [protocols, '400']);
    }
    assertEquals(requests.length, 0);
    assertEquals(await upgradeStatus(gateway, '/api/ai/x', [good]), '101');
    await waitUntil(() => requests.length === 1);
  }));

Deno.test('what a service refuses is an ordinary answer', () =>
  withGateway({}, async (gateway) => {
    const good = `Authorization: ${(await bearer()).Authorization}`;
    assertEquals(await upgradeStatus(gateway, '/api/ai/forbidden', [good]), '403');
    assertEquals(await upgradeStatus(gateway, '/api/ai/broken', [good]), '502');
  }));

Deno.test('a service that is away is a 503', async () => {
  await using gateway = await startGateway(settingsFor([route(`http://127.0.0.1:${freePort()}`)]));
  const good = `Authorization: ${(await bearer()).Authorization}`;
  assertEquals(await upgradeStatus(gateway, '/api/ai/x', [good]), '503');
});

Deno.test('a WebSocket is counted by the limiter, and has the deadline of its route', () =>
  withGateway({ timeoutMs: 50, deadlineMs: 200 }, async (gateway) => {
    const { closed } = connect(gateway, '/api/ai/x', { headers: await bearer() });
    assertEquals(await closed, { code: 1001, reason: 'the time is up' });
  }));

Deno.test('a WebSocket ends with its token', () =>
  withGateway({ deadlineMs: 60_000 }, async (gateway) => {
    const expired = await token({ expiresIn: 0 });
    const { closed } = connect(gateway, '/api/ai/x', { protocols: ['bearer', expired] });
    assertEquals((await closed).code, 1001);
  }));

Deno.test('a drain asks the clients of WebSockets to come back elsewhere', async () => {
  const { service, state } = echoService();
  const gateway = await startGateway(settingsFor([route(service.url)]));
  const { messages, closed } = connect(gateway, '/api/ai/x', { headers: await bearer() });
  await waitUntil(() => messages.length === 1);
  await gateway[Symbol.asyncDispose]();
  assertEquals((await closed).code, 1001);
  await waitUntil(() => state.closings.length === 1);
  await service.close();
});

/** A gateway's WebSockets under small limits, in front of the echoing service. */
async function limited(limits: Partial<WebSocketLimits>) {
  const { service } = echoService();
  const settings = settingsFor([route(service.url, { deadlineMs: 60_000 })]);
  const gateway = await startGateway(settings, new GenerousStore(), { ...WEB_SOCKET_LIMITS, ...limits });
  const close = async () => {
    await gateway[Symbol.asyncDispose]();
    await service.close();
  };
  return { gateway, close };
}

Deno.test('a message that is too large closes the WebSocket with 1009', async () => {
  const { gateway, close } = await limited({ messageBytes: 1_000 });
  const { socket, messages, closed } = connect(gateway, '/api/ai/x', { headers: await bearer() });
  await waitUntil(() => messages.length === 1);
  socket.send('x'.repeat(1_000));
  await waitUntil(() => messages.length === 2);
  socket.send('x'.repeat(1_001));
  assertEquals((await closed).code, 1009);
  await close();
});

Deno.test('a WebSocket on which nothing is said is closed', async () => {
  const { gateway, close } = await limited({ idleMs: 150 });
  const { closed } = connect(gateway, '/api/ai/x', { headers: await bearer() });
  assertEquals(await closed, { code: 1001, reason: 'nothing was said for too long' });
  await close();
});

Deno.test('a user has at most so many WebSockets, and so have all together', async () => {
  const { gateway, close } = await limited({ aSubject: 2, altogether: 3 });
  const good = `Authorization: ${(await bearer()).Authorization}`;
  const other = { sub: '0d0c7f64-3e7e-4f0a-8a51-3d3a0a3c2b10' };
  const open = async (claims = {}) => {
    const client = connect(gateway, '/api/ai/x', { headers: await bearer({ claims }) });
    await waitUntil(() => client.messages.length === 1);
  };
  await open();
  await open();
  assertEquals(await upgradeStatus(gateway, '/api/ai/x', [good]), '429');
  await open(other);
  const third = `Authorization: ${(await bearer({ claims: other })).Authorization}`;
  assertEquals(await upgradeStatus(gateway, '/api/ai/x', [third]), '503');
  await close();
});
