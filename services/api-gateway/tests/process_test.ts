import config from '../deno.json' with { type: 'json' };
import { type RedisServer, redisTest, startRedis } from './redis_server.ts';
import {
  assert,
  assertEquals,
  bearer,
  freePort,
  KEY,
  PATIENCE_MS,
  startService,
  waitUntil,
} from './support.ts';

const ROOT = new URL('..', import.meta.url).pathname;

/** A program with the permissions that deno.json gives it. */
function spawn(env: Record<string, string>, task: keyof typeof config.tasks = 'start'): Deno.ChildProcess {
  const [, ...args] = config.tasks[task].split(' ');
  return new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env, stdout: 'piped', stderr: 'piped' })
    .spawn();
}

const statusOf = async (url: string, init?: RequestInit): Promise<number> => {
  const response = await fetch(url, init);
  await response.body?.cancel();
  return response.status;
};

Deno.test('bad settings end the process with one line that names the variable', async () => {
  const { code, stdout, stderr } = await spawn({ RATE_LIMIT: 'lots', JWT_SECRET_KEY: KEY }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(code, 1);
  assertEquals(text, 'api-gateway: RATE_LIMIT is "lots", expected a whole number from 1 to 1000000\n');
  assertEquals(stdout.length, 0);
});

Deno.test('a console that is not there ends the process with one line, too', async () => {
  const routes = [{
    prefix: '/api/ai',
    service: 'ai',
    upstream: 'http://127.0.0.1:1',
    rewrite: '',
    timeoutMs: 1,
    public: [],
  }];
  const { code, stderr } = await spawn({
    CONSOLE_ENABLED: 'true',
    CONSOLE_DIR: 'console/none',
    JWT_SECRET_KEY: KEY,
    GATEWAY_ROUTES: JSON.stringify(routes),
  }).output();
  const [line = '', ...more] = new TextDecoder().decode(stderr).split('\n');
  assertEquals([code, more], [1, ['']]);
  assert(line.startsWith('api-gateway: CONSOLE_DIR has "console/none", which cannot be read: '), line);
});

/** A ready gateway in its own process. */
async function gatewayProcess(redis: RedisServer, upstream: string, drainSeconds: number) {
  const port = freePort();
  const timeoutMs = PATIENCE_MS;
  const routes = [{ prefix: '/api/ai', service: 'ai', upstream, rewrite: '', timeoutMs, public: [] }];
  const process = spawn({
    PORT: String(port),
    HOST: '127.0.0.1',
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: redis.password,
    JWT_SECRET_KEY: KEY,
    DRAIN_SECONDS: String(drainSeconds),
    GATEWAY_ROUTES: JSON.stringify(routes),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(() => statusOf(`${url}/health`).then((status) => status === 200, () => false));
  return { process, port, url };
}

redisTest('while the gateway drains it is not ready, and serves', async () => {
  const redis = await startRedis();
  const service = startService(() => new Response('done'));
  const { process, url } = await gatewayProcess(redis, service.url, 300);
  process.kill('SIGTERM');
  await waitUntil(async () => await statusOf(`${url}/health`) === 503);
  assertEquals(await statusOf(`${url}/api/ai/quick`, { headers: await bearer() }), 200);
  process.kill('SIGKILL');
  await process.output();
  await redis.stop();
  await service.close();
});

redisTest('on SIGTERM the gateway drains, ends what it has begun, and is gone with code 0', async () => {
  const redis = await startRedis();
  const [release, arrived] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const service = startService(async (request) => {
    if (request.url.endsWith('/slow')) {
      arrived.resolve();
      await release.promise;
    }
    return new Response('done');
  });
  const { process, port, url } = await gatewayProcess(redis, service.url, 1);
  const output = process.output();
  assertEquals((await spawn({ PORT: String(port) }, 'healthcheck').output()).code, 0);

  const headers = await bearer();
  const slow = fetch(`${url}/api/ai/slow`, { headers });
  await arrived.promise;
  process.kill('SIGTERM');
  await waitUntil(() => statusOf(`${url}/live`).then(() => false, () => true));
  release.resolve();
  assertEquals(await (await slow).text(), 'done');
  const { code, stdout, stderr } = await output;
  assertEquals([code, new TextDecoder().decode(stderr)], [0, '']);
  const lines = new TextDecoder().decode(stdout).trim().split('\n').map((line) => JSON.parse(line));
  assertEquals(lines.at(-1).message, 'stopped');
  assert(lines.every((line) => line.timestamp && line.level && line.service === 'api-gateway'));
  assertEquals((await spawn({ PORT: String(port) }, 'healthcheck').output()).code, 1);
  await redis.stop();
  await service.close();
});

Deno.test('the image runs the programs with the same permissions and memory', async () => {
  const dockerfile = await Deno.readTextFile(`${ROOT}../../dockerfiles/api-gateway/Dockerfile`);
  const permissions = (text: string) =>
    (text.match(/--(?:allow|v8)-[^\s",]+(?:,[^\s",]+)*/g) ?? []).toSorted();
  const [, healthcheck = '', entrypoint = ''] = /HEALTHCHECK([^]*)ENTRYPOINT([^]*)/.exec(dockerfile) ?? [];
  assertEquals(permissions(healthcheck), permissions(config.tasks.healthcheck));
  assertEquals(permissions(entrypoint), permissions(config.tasks.start));
});
