import { addressKey, bearerToken, createVerifier } from '../src/identity.ts';
import { Exchange } from '../src/exchange.ts';
import { upstreamHeaders } from '../src/headers.ts';
import { assert, assertEquals, clientOf, KEY, route, token, type TokenOptions, USER_ID } from './support.ts';

const SETTINGS = {
  algorithm: 'HS256',
  issuer: 'ai-assistants',
  audience: 'ai-assistants',
} as const;
const KEYS = [new TextEncoder().encode(KEY)];
const verify = createVerifier(SETTINGS, () => KEYS);
const verdict = async (options?: TokenOptions) => (await verify(await token(options)))?.userId;
const now = () => Math.floor(Date.now() / 1000);

Deno.test('a token of the platform names its user', async () => {
  const sid = '0b6f2d7e-3c5a-4e8e-9d53-6a1f0c3b8e21';
  const principal = await verify(await token({ claims: { sid, iat: 1_700_000_000 } }));
  assertEquals([principal?.userId, principal?.role, principal?.sessionId, principal?.issuedAt], [
    USER_ID,
    'analyst',
    sid,
    1_700_000_000,
  ]);
});

Deno.test('the clocks may differ by 30 seconds', async () => {
  const seconds = now();
  const at = createVerifier(SETTINGS, () => KEYS, () => seconds * 1000);
  const userOf = async (claims: Record<string, unknown>) => (await at(await token({ claims })))?.userId;
  assertEquals(await userOf({ exp: seconds - 29 }), USER_ID);
  assertEquals(await userOf({ exp: seconds - 31 }), undefined);
  assertEquals(await userOf({ iat: seconds + 30 }), USER_ID);
  assertEquals(await userOf({ iat: seconds + 31 }), undefined);
});

Deno.test('tokens of others are refused', async () => {
  const bad: TokenOptions[] = [
    { key: 'another key of thirty-two bytes or more' },
    { algorithm: 'HS512', key: KEY + KEY },
    { algorithm: 'HS384', key: KEY + KEY },
    { claims: { iss: 'someone' } },
    { claims: { aud: 'someone' } },
    { claims: { role: 'root' } },
    { claims: { role: ['admin'] } },
    { claims: { sub: 'not-a-uuid' } },
    { claims: { sid: 'not-a-uuid' } },
    { claims: { sid: 7 } },
    { claims: { jti: undefined } },
    { claims: { exp: undefined } },
    { claims: { iat: undefined } },
    { claims: { nbf: now() + 100 } },
  ];
  for (const options of bad) assertEquals([options, await verdict(options)], [options, undefined]);
});

Deno.test('what is no bearer token names no user', async () => {
  const good = await token();
  assertEquals([bearerToken(undefined), bearerToken(`bearer  ${good}`)], [undefined, good]);
  for (const header of ['', 'Bearer', `Basic ${good}`, good, `Bearer ${good} x`]) {
    assertEquals(bearerToken(header), '');
  }
  for (const text of ['x', `${good}x.y`, `${good}=`, good.slice(0, -1)]) {
    assertEquals(await verify(text), undefined);
  }
});

Deno.test('a verdict is remembered until the token ends, not longer', async () => {
  const clock = { now: Date.now() };
  let imports = 0;
  const remembering = createVerifier(SETTINGS, () => KEYS, () => (imports++, clock.now));
  const text = await token({ expiresIn: 5 });
  assertEquals([(await remembering(text))?.userId, (await remembering(text))?.userId], [USER_ID, USER_ID]);
  assert(!(remembering(text) instanceof Promise), 'the second look at a token goes to no library');
  clock.now += 36_000;
  assert(remembering(text) instanceof Promise, 'an old verdict was believed');
});

Deno.test('a token of any of the keys is good, and of none when the key is gone', async () => {
  const other = new TextEncoder().encode('another-key-of-the-platform-0123456789');
  let keys = [other, ...KEYS];
  const rotating = createVerifier(SETTINGS, () => keys);
  const of = async (expiresIn: number) => (await rotating(await token({ expiresIn })))?.userId;
  assertEquals(await of(100), USER_ID);
  keys = [...KEYS, other];
  assertEquals(await of(200), USER_ID);
  keys = [other];
  assertEquals(await of(300), undefined);
});

Deno.test('IPv6 clients are counted by their network', () => {
  assertEquals(addressKey('192.0.2.1'), '192.0.2.1');
  assertEquals(addressKey('::ffff:192.0.2.1'), '192.0.2.1');
  assertEquals(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assertEquals(addressKey('2001:0DB8:1:2::9'), '2001:db8:1:2::/64');
  assertEquals(addressKey('2001:db8::9'), '2001:db8:0:0::/64');
  assertEquals(addressKey('::1'), '0:0:0:0::/64');
});

Deno.test('only the gateway says who calls', () => {
  const client = clientOf({
    headers: {
      'Authorization': 'Bearer abc',
      'X-User-Id': 'admin',
      'X_User_Role': 'admin',
      'X-User-Anything': '1',
      'X-Forwarded-User': 'admin',
      'X-Forwarded-For': '1.1.1.1',
      'Forwarded': 'for=1.1.1.1',
      'X-Auth-Request-Email': 'a@b',
      'Remote-User': 'admin',
      'X-Original-URL': '/x',
      'X-Forwarded-Prefix': '/x',
      'Connection': 'X-Drop',
      'X-Request-Id': 'request-0001',
      'traceparent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
      'X-Drop': '1',
      'Accept': 'text/plain',
    },
  });
  const exchange = new Exchange(client, () => {});
  exchange.principal = { userId: 'u', role: 'user', issuedAt: 0, expiresAt: 0 };
  const { traceparent = '', ...headers } = Object.fromEntries(
    upstreamHeaders(exchange, route('http://ai-assistant:8000', { rewrite: '' })),
  );
  assert(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/.test(traceparent), traceparent);
  assert(!traceparent.includes('b7ad6b7169203331'), 'the call has no span of its own');
  assertEquals(headers, {
    'authorization': 'Bearer abc',
    'accept': 'text/plain',
    'accept-encoding': 'identity',
    'x-request-id': 'request-0001',
    'x-forwarded-for': '1.1.1.1',
    'x-forwarded-prefix': '/api/ai',
    'x-user-id': 'u',
    'x-user-role': 'user',
  });
});
