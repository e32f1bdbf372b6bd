import { createRemoteJWKSet } from 'jose';
import { createVerifier } from '../src/identity.ts';
import { KeySet, KeysUnavailable } from '../src/key_set.ts';
import { type Asymmetric, type KeyServer, newKey, startKeyServer } from './keys.ts';
import {
  assert,
  assertEquals,
  bearer,
  passTime,
  route,
  settingsFor,
  startGateway,
  startService,
  testLogger,
  USER_ID,
  waitUntil,
} from './support.ts';

const NO_TOKEN = { payload: '', signature: '' };

/** The key of that name, or the name of the error. */
const finder = (keySet: KeySet, alg: Asymmetric) => async (kid: unknown): Promise<CryptoKey | string> => {
  try {
    return await keySet.find({ alg, kid: kid as string }, NO_TOKEN);
  } catch (error) {
    assert(error instanceof Error);
    return error.name;
  }
};

function verifierOf(server: KeyServer, algorithm: Asymmetric) {
  const clock = { now: 0 };
  const log: Record<string, unknown>[] = [];
  const keySet = new KeySet({ url: server.url, now: () => clock.now }, testLogger(log));
  const settings = { algorithm, jwksUrl: server.url, issuer: 'ai-assistants', audience: 'ai-assistants' };
  const verify = createVerifier(settings, keySet);
  return {
    clock,
    log,
    find: finder(keySet, algorithm),
    userOf: async (token: string) => (await verify(token))?.userId,
  };
}

for (const algorithm of ['RS256', 'ES256'] as const) {
  Deno.test(`${algorithm}: tokens are checked with the published keys, the old one too`, async () => {
    const [first, second] = [await newKey(algorithm, 'first'), await newKey(algorithm, 'second')];
    const server = startKeyServer(first, second);
    const { userOf } = verifierOf(server, algorithm);
    assertEquals([await userOf(await first.token()), await userOf(await second.token())], [USER_ID, USER_ID]);
    assertEquals(server.asked, 1);
    await server.close();
  });
}

Deno.test('an unknown key is looked for at most every 30 seconds', async () => {
  const [first, second] = [await newKey('ES256', 'first'), await newKey('ES256', 'second')];
  const server = startKeyServer(first);
  const { clock, userOf } = verifierOf(server, 'ES256');
  assertEquals(await userOf(await first.token()), USER_ID);
  server.keys.push(second.jwk);
  clock.now = 29_999;
  for (let i = 0; i < 5; i++) assertEquals(await userOf(await second.token()), undefined);
  assertEquals(server.asked, 1);
  clock.now = 30_000;
  assertEquals(await userOf(await second.token()), USER_ID);
  assertEquals(server.asked, 2);
  await server.close();
});

Deno.test('keys that were good stay so while they cannot be fetched', async () => {
  const first = await newKey('ES256', 'first');
  const server = startKeyServer(first);
  const { clock, log, find, userOf } = verifierOf(server, 'ES256');
  assertEquals(await userOf(await first.token()), USER_ID);
  server.isBroken = true;
  clock.now = 700_000;
  assertEquals(await userOf(await first.token()), USER_ID);
  assertEquals(await userOf(await first.token({}, { kid: 'other' })), undefined);
  assertEquals(server.asked, 2);
  assertEquals(log.map(({ message }) => message), ['the keys of tokens cannot be fetched']);
  server.isBroken = false;
  server.keys = [(await newKey('ES256', 'second')).jwk];
  clock.now = 800_000;
  await find('second');
  assertEquals(await find('first'), 'JWKSNoMatchingKey');
  await server.close();
});

Deno.test('before the first keys nothing is said about a token', async () => {
  const first = await newKey('ES256', 'first');
  const server = startKeyServer(first);
  server.isBroken = true;
  const { clock, find } = verifierOf(server, 'ES256');
  const unavailable = KeysUnavailable.name;
  assertEquals([await find('first'), await find('first'), server.asked], [unavailable, unavailable, 1]);
  server.isBroken = false;
  clock.now = 1_000;
  assertEquals([await find('first') instanceof CryptoKey, server.asked], [true, 2]);
  await server.close();
});

Deno.test('only keys of the algorithm are taken, and never secret ones', async () => {
  const [good, other] = [await newKey('RS256', 'good'), await newKey('ES256', 'other')];
  const server = startKeyServer(good, other);
  server.keys.push(
    { kty: 'oct', kid: 'secret', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA', alg: 'RS256' },
    { ...good.jwk, kid: 'for encryption', use: 'enc' },
    { kty: 'RSA', kid: 'broken', n: '!', e: 'AQAB' },
    null,
  );
  const { find } = verifierOf(server, 'RS256');
  assert(await find('good') instanceof CryptoKey);
  for (const kid of ['other', 'secret', 'for encryption', 'broken']) {
    assertEquals([kid, typeof await find(kid)], [kid, 'string']);
  }
  await server.close();
});

Deno.test('a key set that is no key set, or too large, is not taken', async () => {
  for (const body of ['[]', '{"keys":{}}', '{"keys":[]}', 'x', `{"keys":["${'x'.repeat(300_000)}"]}`]) {
    const service = startService(() => new Response(body));
    const keySet = new KeySet({ url: service.url }, testLogger());
    assertEquals([body.slice(0, 20), await finder(keySet, 'ES256')('x')], [
      body.slice(0, 20),
      KeysUnavailable.name,
    ]);
    await service.close();
  }
});

Deno.test('a redirect is not followed to the keys of somebody else', async () => {
  const server = startKeyServer(await newKey('ES256', 'evil'));
  const service = startService(() => Response.redirect(server.url));
  const keySet = new KeySet({ url: service.url }, testLogger());
  assertEquals(await finder(keySet, 'ES256')('evil'), KeysUnavailable.name);
  assertEquals(server.asked, 0);
  await service.close();
  await server.close();
});

Deno.test('while there are no keys the gateway says 503, and serves what is public', async () => {
  const key = await newKey('ES256', 'a');
  const server = startKeyServer(key);
  server.isBroken = true;
  const service = startService((request) => new Response(request.headers.get('x-user-id') ?? 'no user'));
  const jwt = {
    algorithm: 'ES256',
    jwksUrl: server.url,
    issuer: 'ai-assistants',
    audience: 'ai-assistants',
  } as const;
  await using gateway = await startGateway(settingsFor([route(service.url, { public: ['/in'] })], { jwt }));
  const ask = async (path: string, headers: HeadersInit) => {
    const response = await fetch(`${gateway.url}/api/ai${path}`, { headers });
    return [response.status, response.headers.get('retry-after'), (await response.text()).slice(0, 36)];
  };
  const headers = { Authorization: `Bearer ${await key.token()}` };
  assertEquals((await ask('/x', headers)).slice(0, 2), [503, '2']);
  assertEquals(await ask('/in', headers), [200, null, 'no user']);
  server.isBroken = false;
  await passTime(1_000);
  assertEquals(await ask('/x', headers), [200, null, USER_ID]);
  assertEquals((await ask('/x', await bearer()))[0], 401);
  await service.close();
  await server.close();
});

Deno.test("what the library's own remote key set cannot do, by itself", async () => {
  const first = await newKey('ES256', 'first');
  const server = startKeyServer(first);
  const ask = (keys: ReturnType<typeof createRemoteJWKSet>) =>
    keys({ alg: 'ES256', kid: 'first' }, NO_TOKEN).then(() => 'found', () => 'failed');
  // The library drops old but good keys when a fetch fails.
  const old = createRemoteJWKSet(new URL(server.url), { cacheMaxAge: 1 });
  assertEquals(await ask(old), 'found');
  server.isBroken = true;
  await waitUntil(() => !old.fresh);
  assertEquals(await ask(old), 'failed');
  // Without keys, the library fetches for each token.
  const none = createRemoteJWKSet(new URL(server.url), { cooldownDuration: 60_000 });
  server.asked = 0;
  for (let i = 0; i < 3; i++) assertEquals(await ask(none), 'failed');
  assertEquals(server.asked, 3);
  await server.close();
});
