import { RedisAway, RedisError, RespConnection } from '../src/resp.ts';
import { assert, assertEquals, bytesOf, closeQuietly, startRawService, waitUntil } from './support.ts';

const PONG = '+PONG\r\n';

/** A server that sends these pieces after the greeting. */
async function connectTo(answer: (connection: Deno.Conn, index: number) => Promise<void> | void) {
  let commands = 0;
  const server = startRawService(async (connection) => {
    if (commands++ === 0) await connection.write(bytesOf(PONG));
    else await answer(connection, commands - 1);
  });
  const connection = await RespConnection.open(
    { host: '127.0.0.1', port: server.port, isSecure: false },
    undefined,
  );
  const close = async () => {
    connection.close();
    await server.close();
  };
  return { connection, server, close };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(() => 'a reply', (error: Error) => `${error.name}: ${error.message}`);

Deno.test('replies of every kind are understood, in whatever pieces they come', async () => {
  const text = '*6\r\n:-7\r\n$5\r\nh\u00e4nd\r\n$-1\r\n*0\r\n*-1\r\n+fine\r\n';
  for (const pieces of [[text], [...text]]) {
    const { connection, close } = await connectTo(async (socket) => {
      for (const piece of pieces) await socket.write(bytesOf(piece));
    });
    assertEquals(await connection.command(['X']), [-7, 'h\u00e4nd', null, [], null, 'fine']);
    await close();
  }
});

Deno.test('commands are written with their length in bytes', async () => {
  const { connection, server, close } = await connectTo((socket) => void socket.write(bytesOf('+OK\r\n')));
  await connection.command(['SET', 'h\u00e4nd', '']);
  assert(
    server.received[0]?.endsWith('*3\r\n$3\r\nSET\r\n$5\r\nh\u00e4nd\r\n$0\r\n\r\n'),
    server.received[0],
  );
  await close();
});

Deno.test('replies go to whom they belong, errors too', async () => {
  const { connection, close } = await connectTo(async (socket) => {
    await socket.write(bytesOf(':1\r\n-ERR no\r\n:3\r\n'));
  });
  const replies = [['A'], ['B'], ['C']].map((words) => connection.command(words));
  const [first, second, third] = await Promise.allSettled(replies);
  assertEquals([first, third], [{ status: 'fulfilled', value: 1 }, { status: 'fulfilled', value: 3 }]);
  assert(second?.status === 'rejected' && second.reason instanceof RedisError);
  await close();
});

Deno.test('large replies have room, endless ones have not', async () => {
  const large = await connectTo(async (socket) => {
    await socket.write(bytesOf(`$1000000\r\n${'x'.repeat(1_000_000)}\r\n`));
  });
  assertEquals((await large.connection.command(['X']) as string).length, 1_000_000);
  await large.close();
  const endless = await connectTo(async (socket) => {
    const piece = bytesOf('x'.repeat(60_000));
    await socket.write(bytesOf('$100000000\r\n'));
    for (let i = 0; i < 100; i++) await socket.write(piece);
  });
  assertEquals(await failure(endless.connection.command(['X'])), 'RedisAway: a reply that is too large');
  await endless.close();
});

Deno.test('callers that wait are told when the connection ends', async () => {
  const { connection, close } = await connectTo((socket) => closeQuietly(socket));
  assertEquals(await failure(connection.command(['X'])), 'RedisAway: the server closed the connection');
  assert(await connection.ended instanceof RedisAway);
  assertEquals(await failure(connection.command(['X'])), 'RedisAway: not connected');
  await close();
});

Deno.test('what is no reply ends the connection', async () => {
  for (const text of ['hello\r\n', ':1\r\n:2\r\n', ':1x\r\n', '$-x\r\n']) {
    const { connection, close } = await connectTo(async (socket) => {
      await socket.write(bytesOf(text));
    });
    await connection.command(['X']).catch(() => undefined);
    assert(await connection.ended instanceof RedisAway);
    await close();
  }
});

Deno.test('time in which this process itself stood still is not held against the server', async () => {
  const { connection, close } = await connectTo(async (socket) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await socket.write(bytesOf('+OK\r\n'));
  });
  const reply = failure(connection.command(['A']));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + 900;
  while (performance.now() < until) { /* as a container that has used its CPU time up */ }
  const next = failure(connection.command(['B']));
  assertEquals([await reply, await next], ['a reply', 'a reply']);
  await close();
});

Deno.test('a server that does not answer is waited for only briefly, and by one only', async () => {
  const gate = Promise.withResolvers<void>();
  const { connection, close } = await connectTo(async (socket, index) => {
    if (index === 1) await gate.promise;
    await socket.write(bytesOf(`:${index}\r\n`));
  });
  assertEquals(await failure(connection.command(['A'])), 'RedisAway: no answer within 500 ms');
  assertEquals(await failure(connection.command(['B'])), 'RedisAway: no answer');
  gate.resolve();
  let reply: unknown;
  await waitUntil(async () => {
    reply = await connection.command(['C']).catch(() => undefined);
    return reply !== undefined;
  });
  assertEquals(reply, 2);
  await close();
});
