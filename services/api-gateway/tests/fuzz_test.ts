/**
 * No input from outside ends the process. The tests send FUZZ_CASES answers and requests with random faults; a printed
 * FUZZ_SEED repeats a run.
 */
import config from '../deno.json' with { type: 'json' };
import { acceptFor, mutate, type Random, randomFrom } from './mutations.ts';
import { type RedisServer, redisTest, startRedis } from './redis_server.ts';
import {
  assert,
  assertEquals,
  bearer,
  closeQuietly,
  freePort,
  KEY,
  type RawService,
  startRawService,
  waitUntil,
} from './support.ts';

const CASES = Number(Deno.env.get('FUZZ_CASES') ?? 2_000);
const SEED = Number(Deno.env.get('FUZZ_SEED') ?? Math.floor(Math.random() * 2 ** 32));
const AT_A_TIME = 16;
const CASE_MS = 30_000;
const ROOT = new URL('..', import.meta.url).pathname;
const FAULTS = /uncaught|unhandled|unexpected error|cannot be sent/;
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';
const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const ANSWERS = [
  OK,
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5;a=b\r\nhello\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
  'HTTP/1.0 200 OK\r\nX-Name: \xdf\x9f\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nuntil the end',
  'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nVary: Origin\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nContent-Length: 4\r\n\r\nbusy',
  'HTTP/1.1 204 No Content\r\nDate: Sat, 28 Nov 2026 19:10:36 GMT\r\nServer: x\r\n\r\n',
];
const FRAMES = '\x81\x05hello\x02\x02ab\x80\x01c\x89\x00\x8a\x00\x82\x7e\x00\x80' + 'x'.repeat(128) +
  '\x88\x04\x0f\xa1by';
const MASKED =
  '\x81\x85\0\0\0\0hello\x02\x82\0\0\0\0ab\x80\x81\0\0\0\0c\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8';

interface Running {
  readonly port: number;
  readonly process: Deno.ChildProcess;
  readonly output: Promise<Deno.CommandOutput>;
}

async function start(redis: RedisServer, service: RawService): Promise<Running> {
  const port = freePort();
  const routes = Array.from({ length: AT_A_TIME }, (_, lane) => ({
    ...{ prefix: `/api/raw${lane}`, service: `raw${lane}`, upstream: service.url, rewrite: '' },
    ...{ timeoutMs: 60_000, public: ['/pub'] },
  }));
  const [, ...args] = config.tasks.start.split(' ');
  const process = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      REDIS_PASSWORD: redis.password,
      JWT_SECRET_KEY: KEY,
      RATE_LIMIT: '1000000',
      DRAIN_SECONDS: '0',
      SHUTDOWN_TIMEOUT_SECONDS: '60',
      GATEWAY_ROUTES: JSON.stringify(routes),
    },
    stdout: 'piped',
    stderr: 'piped',
  }).spawn();
  const running = { port, process, output: process.output() };
  await waitUntil(() => isHealthy(running));
  return running;
}

const isHealthy = ({ port }: Running): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(async (response) => {
    await response.body?.cancel();
    return response.ok;
  }, () => false);

/** Sends these bytes, closes the sending side, and reads the answer to its end. */
async function send({ port }: Running, bytes: Uint8Array, first?: Uint8Array): Promise<void> {
  const connection = await Deno.connect({ hostname: '127.0.0.1', port });
  const timer = setTimeout(() => closeQuietly(connection), CASE_MS);
  const buffer = new Uint8Array(65_536);
  try {
    if (first) {
      await connection.write(first);
      await connection.read(buffer);
    }
    await connection.write(bytes);
    await connection.closeWrite();
    while (await connection.read(buffer) !== null) { /* what it says does not matter */ }
  } catch {
    // The gateway closes the connection where what it got is no request.
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
}

/** Each lane is a separate service for the gateway; a good call after each case keeps its circuit closed. */
async function inTurn(running: Running, run: (index: number, lane: number) => Promise<void>): Promise<void> {
  let next = 0;
  let isGone = false;
  void running.process.status.then(() => isGone = true);
  const work = async (_: unknown, lane: number) => {
    while (next < CASES && !isGone) await run(next++, lane);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

/** The same process still serves, and has logged no unexpected error. */
async function assertUnharmed(running: Running): Promise<void> {
  const isSame = await isHealthy(running);
  try {
    running.process.kill('SIGTERM');
  } catch (error) {
    assert(error instanceof TypeError, `the process cannot be ended: ${error}`);
  }
  const { code, stdout, stderr } = await running.output;
  const lines = new TextDecoder().decode(stdout).split('\n');
  assertEquals([SEED, isSame, code, new TextDecoder().decode(stderr)], [SEED, true, 0, '']);
  assertEquals([SEED, lines.filter((line) => FAULTS.test(line))], [SEED, []]);
}

async function fuzz(
  answer: (random: Random, received: string) => Uint8Array | undefined,
  run: (running: Running, random: Random, common: string, index: number, base: string) => Promise<void>,
): Promise<void> {
  console.log(`FUZZ_SEED=${SEED} FUZZ_CASES=${CASES}`);
  const random = randomFrom(SEED);
  const redis = await startRedis();
  const service = startRawService(async (connection, received) => {
    const bytes = /^GET \/good /.test(received) ? latin1(OK) : answer(random, received);
    if (!bytes) return;
    await connection.write(bytes);
    await connection.closeWrite();
  });
  const running = await start(redis, service);
  const common = `Host: g\r\nAuthorization: ${(await bearer()).Authorization}\r\n`;
  try {
    await inTurn(running, async (index, lane) => {
      const base = `/api/raw${lane}`;
      await run(running, random, common, index, base);
      await ask(running, latin1(`GET ${base}/good HTTP/1.1\r\nConnection: close\r\n${common}\r\n`));
    });
  } finally {
    await assertUnharmed(running).finally(() => Promise.all([service.close(), redis.stop()]));
  }
}

redisTest(
  'security: no answer of a service ends the gateway, whatever it is',
  () =>
    fuzz((random, received) => {
      if (!received.endsWith('\r\n\r\n')) return undefined;
      if (!/^upgrade: websocket/mi.test(received)) return mutate(random, latin1(random.pick(ANSWERS)));
      const head = latin1(`HTTP/1.1 101 S\r\n${acceptFor(received)}\r\n`);
      const frames = mutate(random, latin1(FRAMES));
      return random.below(4) === 0
        ? mutate(random, Uint8Array.from([...head, ...frames]))
        : Uint8Array.from([...head, ...frames]);
    }, async (running, random, common, index, base) => {
      const method = random.pick(['GET', 'GET', 'HEAD', 'DELETE', 'POST']);
      const end = method === 'POST' ? 'Content-Length: 0\r\n\r\n' : '\r\n';
      const head = index % 8 === 0
        ? `GET ${base}/ws HTTP/1.1\r\n${common}${HANDSHAKE}\r\n`
        : `${method} ${base}/x HTTP/1.1\r\nConnection: close\r\n${common}${end}`;
      // Not half closed at once: a client that has gone needs no answer.
      await ask(running, latin1(head));
    }),
);

async function ask({ port }: Running, head: Uint8Array): Promise<void> {
  const connection = await Deno.connect({ hostname: '127.0.0.1', port });
  const timer = setTimeout(() => closeQuietly(connection), CASE_MS);
  const buffer = new Uint8Array(65_536);
  try {
    await connection.write(head);
    while (await connection.read(buffer) !== null) { /* to its end */ }
  } catch {
    // An answer that is cut off.
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
}

redisTest('security: no request ends the gateway, whatever it is', () =>
  fuzz((_, received) => {
    if (/^upgrade: websocket/mi.test(received)) {
      return received.endsWith('\r\n\r\n')
        ? latin1(`HTTP/1.1 101 S\r\n${acceptFor(received)}\r\n${FRAMES}`)
        : undefined;
    }
    return received.includes('\r\n\r\n') ? latin1(OK) : undefined;
  }, async (running, random, common, index, base) => {
    const upgrade = latin1(`GET ${base}/ws HTTP/1.1\r\n${common}${HANDSHAKE}\r\n`);
    if (index % 8 === 0) return await send(running, mutate(random, latin1(MASKED)), upgrade);
    const request = random.pick([
      `GET ${base}/x?a=%20b HTTP/1.1\r\n${common}X-Forwarded-For: 10.0.0.1\r\nX-Request-Id: abcdefgh\r\n\r\n`,
      `POST ${base}/x HTTP/1.1\r\n${common}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello`,
      `PUT ${base}/x HTTP/1.1\r\n${common}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      `DELETE ${base}/x HTTP/1.1\r\n${common}Content-Length: 2\r\n\r\n{}`,
      `POST ${base}/pub HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab`,
      `OPTIONS ${base}/x HTTP/1.1\r\nHost: g\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n`,
      `GET /health HTTP/1.1\r\nHost: g\r\n\r\nGET /openapi.json HTTP/1.1\r\nHost: g\r\n\r\n`,
      `GET ${base}/ws HTTP/1.1\r\n${common}${HANDSHAKE}\r\n${MASKED}`,
    ]);
    await send(running, mutate(random, latin1(request)));
  }));
