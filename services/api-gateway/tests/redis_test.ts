import type { Quota } from '../src/rate_limit.ts';
import { RedisStore } from '../src/redis.ts';
import { type RedisServer, redisTest, startRedis } from './redis_server.ts';
import {
  assert,
  assertEquals,
  bearer,
  REDIS_LIMITS,
  route,
  settingsFor,
  startGateway,
  startService,
  testLogger,
  USER_ID,
  waitUntil,
} from './support.ts';

async function connectedStore({ port, password }: RedisServer): Promise<RedisStore> {
  const address = { host: '127.0.0.1', port, isSecure: false };
  const store = new RedisStore(address, () => ['not yet', password], testLogger(), REDIS_LIMITS);
  store.start();
  await waitUntil(() => store.ping().then(() => true, () => false));
  return store;
}

const consume = (store: RedisStore, ...quotas: Quota[]) => store.admit({ quotas });

redisTest('a quota is spent exactly once however many ask at a time', async () => {
  const redis = await startRedis();
  const [store, other] = [await connectedStore(redis), await connectedStore(redis)];
  const quota = { name: 'test', subject: 'user:1', perMinute: 20 };
  const begin = performance.now();
  const decisions = await Promise.all(
    Array.from({ length: 60 }, (_, i) => consume(i % 2 ? store : other, quota)),
  );
  assertEquals(decisions.filter(({ allowed }) => allowed).length, 20);
  const allowed = decisions.filter((decision) => decision.allowed);
  assertEquals(
    allowed.map(({ remaining }) => remaining).toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  );
  const refused = await consume(store, quota);
  assert(refused.retrySeconds >= 1 && refused.retrySeconds <= 3, JSON.stringify(refused));
  const passed = Math.ceil((performance.now() - begin) / 1000);
  assert(refused.resetSeconds >= 60 - passed && refused.resetSeconds <= 60, JSON.stringify(refused));
  assertEquals((await consume(store, { ...quota, subject: 'user:2' })).remaining, 19);
  store.close();
  other.close();
  await redis.stop();
});

redisTest('requests that ask together are counted as if each had come alone', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const user = { name: 'common', subject: 'user:1', perMinute: 20 };
  const address = { name: 'users', subject: 'address:1', perMinute: 30 };
  const admission = { quotas: [user, address] };
  const together = await Promise.all(Array.from({ length: 25 }, () => store.admit(admission)));
  assertEquals(together.map(({ allowed }) => allowed), [...Array(20).fill(true), ...Array(5).fill(false)]);
  assertEquals(
    together.slice(0, 20).map(({ remaining }) => remaining),
    Array.from({ length: 20 }, (_, i) => 19 - i),
  );
  // A quota of 20 a minute regains one request every three seconds.
  assertEquals(
    together.slice(0, 20).map(({ resetSeconds }) => resetSeconds),
    Array.from({ length: 20 }, (_, i) => 3 * (i + 1)),
  );
  for (const { quota, retrySeconds, resetSeconds } of together.slice(20)) {
    assertEquals([quota.name, retrySeconds, resetSeconds], ['common', 3, 60]);
  }
  // Refused requests used nothing of the other quota.
  assertEquals((await consume(store, address)).remaining, 9);

  const both = { quotas: [{ ...user, subject: 'user:2' }, address] };
  const rest = await Promise.all(Array.from({ length: 12 }, () => store.admit(both)));
  assertEquals(rest.filter(({ allowed }) => allowed).length, 9);
  assertEquals(new Set(rest.map(({ quota }) => quota.name)), new Set(['users']));
  store.close();
  await redis.stop();
});

redisTest('requests of one turn that ask for different things get each its own answer', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const admissions = Array.from({ length: 40 }, (_, i) => ({
    quotas: [{ name: 'test', subject: `user:${i % 10}`, perMinute: 10 + i % 10 }],
  }));
  const decisions = await Promise.all(admissions.map((admission) => store.admit(admission)));
  decisions.forEach(({ allowed, quota, remaining }, i) => {
    assertEquals([allowed, quota.subject, remaining], [
      true,
      `user:${i % 10}`,
      9 + i % 10 - Math.floor(i / 10),
    ]);
  });
  store.close();
  await redis.stop();
});

redisTest('a quota comes back evenly', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const quota = { name: 'test', subject: 'user:1', perMinute: 600 };
  for (let i = 0; i < 600; i++) await consume(store, quota);
  let begin = performance.now();
  while ((await consume(store, quota)).allowed) begin = performance.now(); // what came back meanwhile
  const empty = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 320));
  const atLeast = Math.floor((performance.now() - empty) / 100);
  let returned = 0;
  while ((await consume(store, quota)).allowed) returned++;
  const atMost = Math.ceil((performance.now() - begin) / 100) + 1;
  assert(
    returned >= atLeast && returned <= atMost,
    `${returned} came back, expected ${atLeast} to ${atMost}: one in 100 ms`,
  );
  store.close();
  await redis.stop();
});

redisTest('logins are limited by address, other calls by user', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService(() => new Response('ok'));
  const login = { prefix: '/api/users/auth', public: ['/login'], requestsPerMinute: 10 };
  const settings = settingsFor([route(service.url, login), route(service.url)], { rateLimit: 5 });
  await using gateway = await startGateway(settings, store);
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
  await using gateway = await startGateway(settingsFor([route(service.url)]), store);
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

redisTest('a request that one limit refuses is not counted by the others', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const user = { name: 'common', subject: 'user:1', perMinute: 10 };
  const address = { name: 'users', subject: 'address:1', perMinute: 3 };
  for (let i = 0; i < 3; i++) assert((await consume(store, user, address)).allowed);
  const refused = await consume(store, user, address);
  assertEquals([refused.allowed, refused.quota.name], [false, 'users']);
  assertEquals((await consume(store, user)).remaining, 6);
  store.close();
  await redis.stop();
});

/** Writes a revocation like user-management. */
async function mark(store: RedisStore, key: string, value: string): Promise<void> {
  assertEquals(await store.command(['SET', key, value, 'EX', '60']), 'OK');
}

redisTest('a revoked token is refused, and spends nothing of its user', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService((request) => new Response(request.headers.get('x-user-id')));
  const open = route(service.url, { prefix: '/api/open', service: 'open', public: ['/in'] });
  await using gateway = await startGateway(settingsFor([route(service.url), open], { rateLimit: 5 }), store);
  const sid = '0b6f2d7e-3c5a-4e8e-9d53-6a1f0c3b8e21';
  const now = Math.floor(Date.now() / 1000);
  const ask = async (claims: Record<string, unknown>, path = '/api/ai/x') => {
    const response = await fetch(`${gateway.url}${path}`, { headers: await bearer({ claims }) });
    return [response.status, response.status === 200 ? await response.text() : await response.body?.cancel()];
  };
  assertEquals(await ask({ sid, iat: now - 10 }), [200, USER_ID]);
  await mark(store, `revoked:session:${sid}`, '1');
  for (let i = 0; i < 5; i++) assertEquals((await ask({ sid, iat: now - 10 }))[0], 401);
  assertEquals((await ask({ sid, iat: now - 10 }))[0], 429);
  assertEquals(await ask({ iat: now - 10 }), [200, USER_ID]);
  await mark(store, `revoked:user:${USER_ID}`, `${now}.0`);
  assertEquals((await ask({ iat: now - 1 }, '/api/open/x'))[0], 429);
  assertEquals(await ask({ iat: now }), [200, USER_ID]);
  store.close();
  await redis.stop();
  await service.close();
});

redisTest('a revoked token names no user to a public route', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService((request) => new Response(request.headers.get('x-user-id') ?? 'no user'));
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/in'] })]), store);
  const now = Math.floor(Date.now() / 1000);
  const headers = await bearer({ claims: { iat: now - 1 } });
  const ask = async () => await (await fetch(`${gateway.url}/api/ai/in`, { headers })).text();
  assertEquals(await ask(), USER_ID);
  await mark(store, `revoked:user:${USER_ID}`, String(now));
  assertEquals(await ask(), 'no user');
  assertEquals((await fetch(`${gateway.url}/api/ai/x`, { headers })).status, 401);
  store.close();
  await redis.stop();
  await service.close();
});

redisTest('one address has room for ten users, not for any number', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService(() => new Response('ok'));
  await using gateway = await startGateway(settingsFor([route(service.url)], { rateLimit: 2 }), store);
  const statuses: number[] = [];
  for (let user = 10; user < 21; user++) {
    const sub = `0d0c7f64-3e7e-4f0a-8a51-3d3a0a3c2b${user}`;
    for (let i = 0; i < 2; i++) {
      const response = await fetch(`${gateway.url}/api/ai/x`, { headers: await bearer({ claims: { sub } }) });
      await response.body?.cancel();
      statuses.push(response.status);
    }
  }
  assertEquals(statuses.slice(0, 20), Array(20).fill(200));
  assert(statuses.slice(20).includes(429), `got ${statuses}`);
  store.close();
  await redis.stop();
  await service.close();
});

redisTest('events stand in the stream of the platform, once a minute for a subject', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const service = startService(() => new Response('ok'));
  await using gateway = await startGateway(settingsFor([route(service.url)], { rateLimit: 2 }), store);
  const headers = await bearer();
  for (let i = 0; i < 6; i++) await (await fetch(`${gateway.url}/api/ai/x`, { headers })).body?.cancel();
  await waitUntil(async () => await store.command(['XLEN', 'events']) === 1);
  const entries = await store.command(['XRANGE', 'events', '-', '+']) as [string, [string, string]][];
  const [, [field, text]] = entries[0] ?? ['', ['', '']];
  assertEquals(field, 'event');
  const event = JSON.parse(text);
  assertEquals([event.type, event.source, event.user_id, event.data], [
    'gateway.rate_limited',
    'api-gateway',
    USER_ID,
    { address: '127.0.0.1', route: '/api/ai/*' },
  ]);
  assert(/^[0-9a-f-]{36}$/.test(event.id) && !Number.isNaN(Date.parse(event.time)) && event.request_id);
  store.close();
  await redis.stop();
  await service.close();
});

redisTest('a server that has lost its scripts gets them again', async () => {
  const redis = await startRedis();
  const store = await connectedStore(redis);
  const quota = { name: 'test', subject: 'user:1', perMinute: 20 };
  assertEquals((await consume(store, quota)).remaining, 19);
  assertEquals(await store.command(['SCRIPT', 'FLUSH']), 'OK');
  assertEquals((await consume(store, quota)).remaining, 18);
  store.close();
  await redis.stop();
});

redisTest('a wrong password is said in the log, and is not in it', async () => {
  const redis = await startRedis();
  const log: Record<string, unknown>[] = [];
  const settings = { host: '127.0.0.1', port: redis.port, isSecure: false };
  const store = new RedisStore(
    settings,
    () => ['not the password', 'not the password either'],
    testLogger(log),
  );
  store.start();
  await waitUntil(() => log.length > 0);
  assertEquals(log[0]?.message, 'redis is away');
  assert(String(log[0]?.error).includes('WRONGPASS') && !JSON.stringify(log).includes('not the password'));
  store.close();
  await redis.stop();
});
