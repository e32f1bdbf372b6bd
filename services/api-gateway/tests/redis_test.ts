import { Logger } from '../src/logging.ts';
import { RedisStore } from '../src/redis.ts';
import { type RedisServer, redisTest, startRedis } from './redis_server.ts';
import {
  assert,
  assertEquals,
  bearer,
  route,
  settingsFor,
  startGateway,
  startService,
  waitUntil,
} from './support.ts';

async function connectedStore({ port, password }: RedisServer): Promise<RedisStore> {
  const store = new RedisStore({ host: '127.0.0.1', port, password }, new Logger('test', '0', 'critical'));
  store.start();
  await waitUntil(() => store.ping().then(() => true, () => false));
  return store;
}

redisTest('a quota is spent exactly once however many ask at a time', async () => {
  const redis = await startRedis();
  const [store, other] = [await connectedStore(redis), await connectedStore(redis)];
  const quota = { name: 'test', subject: 'user:1', perMinute: 20 };
  const decisions = await Promise.all(
    Array.from({ length: 60 }, (_, i) => (i % 2 ? store : other).consume(quota)),
  );
  assertEquals(decisions.filter(({ allowed }) => allowed).length, 20);
  const allowed = decisions.filter((decision) => decision.allowed);
  assertEquals(
    allowed.map(({ remaining }) => remaining).toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  );
  const refused = await store.consume(quota);
  assert(refused.retrySeconds >= 1 && refused.retrySeconds <= 3, JSON.stringify(refused));
  assert(refused.resetSeconds > 55 && refused.resetSeconds <= 60, JSON.stringify(refused));
  assertEquals((await store.consume({ ...quota, subject: 'user:2' })).remaining, 19);
  store.close();
  other.close();
  await redis.stop();
});

redisTest('a quota comes back evenly', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const quota = { name: 'test', subject: 'user:1', perMinute: 600 };
  for (let i = 0; i < 600; i++) await store.consume(quota);
  while ((await store.consume(quota)).allowed) { /* what came back meanwhile */ }
  await new Promise((resolve) => setTimeout(resolve, 320));
  let returned = 0;
  while ((await store.consume(quota)).allowed) returned++;
  assert(returned >= 3 && returned <= 5, `${returned} came back in 320 ms, expected about 3`);
  store.close();
  await redis.stop();
});

redisTest('logins are limited by address, other calls by user', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService(() => new Response('ok'));
  const login = { prefix: '/api/users/auth', public: ['/login'], requestsPerMinute: 10 };
  const settings = settingsFor([route(service.url, login), route(service.url)], { rateLimit: 5 });
  await using gateway = startGateway(settings, store);
  const statuses = async (count: number, path: string, init: RequestInit) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) {
      const response = await fetch(`${gateway.url}${path}`, init);
      await response.body?.cancel();
      seen.push(response.status);
    }
    return seen;
  };
  const from = (hops: string) => ({ method: 'POST', headers: { 'X-Forwarded-For': hops } });
  assertEquals(await statuses(10, '/api/users/auth/login', from('10.0.0.1')), Array(10).fill(200));
  assertEquals(await statuses(1, '/api/users/auth/login', from('9.9.9.9, 10.0.0.1')), [429]);
  assertEquals(await statuses(1, '/api/users/auth/login', from('10.0.0.1, 10.0.0.2')), [200]);
  const first = { headers: await bearer() };
  assertEquals(await statuses(6, '/api/ai/x', first), [200, 200, 200, 200, 200, 429]);
  const second = { headers: await bearer({ claims: { sub: '0d0c7f64-3e7e-4f0a-8a51-3d3a0a3c2b10' } }) };
  assertEquals(await statuses(1, '/api/ai/x', second), [200]);
  assertEquals(await statuses(6, '/api/ai/x', {}), [401, 401, 401, 401, 401, 429]);
  const refused = await fetch(`${gateway.url}/api/ai/x`, first);
  assertEquals([refused.headers.get('ratelimit-limit'), refused.headers.get('ratelimit-remaining')], [
    '5',
    '0',
  ]);
  assert(Number(refused.headers.get('retry-after')) >= 1);
  assertEquals((await refused.json()).title, 'Too Many Requests');
  store.close();
  await redis.stop();
  await service.close();
});

redisTest('the gateway notices that Redis is away, and that it is back', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService(() => new Response('ok'));
  await using gateway = startGateway(settingsFor([route(service.url)]), store);
  const status = async (path: string, method = 'GET') => {
    const response = await fetch(`${gateway.url}${path}`, { method, headers: await bearer() });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status('/health'), 200);
  await redis.stop();
  await waitUntil(async () => await status('/health') === 503);
  assertEquals([await status('/api/ai/x'), await status('/api/ai/x', 'POST')], [200, 503]);
  const again = await startRedis(redis.port, redis.password);
  await waitUntil(async () => await status('/health') === 200);
  assertEquals(await status('/api/ai/x', 'POST'), 200);
  store.close();
  await again.stop();
  await service.close();
});
