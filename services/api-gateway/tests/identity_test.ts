import { addressKey, clientAddress, createVerifier } from '../src/identity.ts';
import { upstreamHeaders } from '../src/headers.ts';
import { assertEquals, KEY, token, type TokenOptions, USER_ID } from './support.ts';

const verify = createVerifier({
  key: new TextEncoder().encode(KEY),
  issuer: 'ai-assistants',
  audience: 'ai-assistants',
});
const verdict = async (options?: TokenOptions) => await verify(`Bearer ${await token(options)}`);
const now = () => Math.floor(Date.now() / 1000);

Deno.test('a token of the platform names its user', async () => {
  assertEquals(await verdict(), { userId: USER_ID, role: 'analyst' });
});

Deno.test('the clocks may differ by 30 seconds', async () => {
  assertEquals(await verdict({ expiresIn: -25 }), { userId: USER_ID, role: 'analyst' });
  assertEquals(await verdict({ expiresIn: -40 }), undefined);
  assertEquals(await verdict({ claims: { iat: now() + 25 } }), { userId: USER_ID, role: 'analyst' });
  assertEquals(await verdict({ claims: { iat: now() + 60 } }), undefined);
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
    { claims: { jti: undefined } },
    { claims: { exp: undefined } },
    { claims: { iat: undefined } },
    { claims: { nbf: now() + 100 } },
  ];
  for (const options of bad) assertEquals([options, await verdict(options)], [options, undefined]);
});

Deno.test('what is no bearer token names nobody', async () => {
  const unsigned = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${(await token()).split('.')[1]}.`;
  const good = await token();
  for (
    const header of [
      null,
      '',
      'Bearer',
      'Bearer x',
      `Basic ${good}`,
      good,
      `Bearer ${unsigned}`,
      `Bearer ${good}x.y`,
    ]
  ) {
    assertEquals(await verify(header), undefined);
  }
});

Deno.test('only the last hop of X-Forwarded-For is believed', () => {
  assertEquals(clientAddress('1.1.1.1, 10.0.0.7', '127.0.0.1'), '10.0.0.7');
  assertEquals(clientAddress('10.0.0.7, 2001:db8::1', '127.0.0.1'), '2001:db8::1');
  assertEquals(clientAddress('[2001:db8::1]', '127.0.0.1'), '2001:db8::1');
  for (const header of [null, '', '1.1.1.1, unknown', '1.1.1.1,', 'a b']) {
    assertEquals(clientAddress(header, '127.0.0.1'), '127.0.0.1');
  }
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
  const request = new Request('http://gateway/api/ai/x', {
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
      'Connection': 'X-Drop',
      'X-Drop': '1',
      'Accept': 'text/plain',
    },
  });
  const caller = {
    requestId: 'r',
    traceparent: 't',
    address: '10.0.0.1',
    principal: { userId: 'u', role: 'user' },
  };
  const headers = Object.fromEntries(upstreamHeaders(request, caller));
  assertEquals(headers, {
    'accept': 'text/plain',
    'accept-encoding': 'identity',
    'authorization': 'Bearer abc',
    'traceparent': 't',
    'x-forwarded-for': '10.0.0.1',
    'x-request-id': 'r',
    'x-user-id': 'u',
    'x-user-role': 'user',
  });
});
