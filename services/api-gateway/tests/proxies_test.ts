import { isRange, NO_PROXIES, TrustedProxies } from '../src/proxies.ts';
import { assertEquals, bearer, route, settingsFor, startGateway, startService } from './support.ts';

const PEER = '127.0.0.1';
const RANGES = ['10.0.0.0/8', '2001:db8:1::/48'];

Deno.test('with no trusted proxy only the last hop of X-Forwarded-For is believed', () => {
  const client = (hops: string | undefined) => NO_PROXIES.client(hops, PEER);
  assertEquals(client('1.1.1.1, 10.0.0.7'), '10.0.0.7');
  assertEquals(client('10.0.0.7, 2001:db8::1'), '2001:db8::1');
  assertEquals(client('[2001:db8::1]'), '2001:db8::1');
  for (const header of [undefined, '', '1.1.1.1, unknown', '1.1.1.1,', 'a b']) {
    assertEquals(client(header), PEER);
  }
});

Deno.test('a trusted proxy is believed, and no other client', () => {
  const proxies = new TrustedProxies(RANGES);
  const cases = [
    ['1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['10.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9, 10.0.0.1', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9, 2001:db8:1::5, ::ffff:10.0.0.1', '203.0.113.9'],
    ['10.0.0.7, 10.0.0.1', '10.0.0.7'],
    ['10.0.0.1', '10.0.0.1'],
    ['203.0.113.9, unknown, 10.0.0.1', '10.0.0.1'],
  ] as const;
  for (const [hops, expected] of cases) assertEquals([hops, proxies.client(hops, PEER)], [hops, expected]);
});

Deno.test('a depth stands for proxies whose addresses are not known', () => {
  const proxies = new TrustedProxies(RANGES, 2);
  const cases = [
    ['1.1.1.1, 203.0.113.9, 192.0.2.1, 10.0.0.1', '203.0.113.9'],
    ['203.0.113.9, 10.0.0.1', '10.0.0.1'],
    ['1.1.1.1, 203.0.113.9, 192.0.2.1, 192.0.2.2', '192.0.2.2'],
    ['1.1.1.1, unknown, 192.0.2.1, 10.0.0.1', '10.0.0.1'],
  ] as const;
  for (const [hops, expected] of cases) assertEquals([hops, proxies.client(hops, PEER)], [hops, expected]);
});

Deno.test('a range is a network of either version with its length', () => {
  for (const good of ['0.0.0.0/0', '10.0.0.0/8', '2001:db8::/128']) {
    assertEquals([good, isRange(good)], [good, true]);
  }
  const bad = ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0.0/-1', 'a/8', '::/129'];
  for (const text of bad) assertEquals([text, isRange(text)], [text, false]);
});

Deno.test('security: a service is told the client behind the trusted proxy, and no forged one', async () => {
  const service = startService((request) => new Response(request.headers.get('x-forwarded-for')));
  const settings = settingsFor([route(service.url)], { trustedProxies: RANGES });
  await using gateway = await startGateway(settings);
  const told = async (hops: string) => {
    const headers = { ...await bearer(), 'X-Forwarded-For': hops };
    return await (await fetch(`${gateway.url}/api/ai/x`, { headers })).text();
  };
  assertEquals(await told('6.6.6.6, 203.0.113.9, 10.0.0.1'), '203.0.113.9');
  assertEquals(await told('6.6.6.6, 10.0.0.9, 203.0.113.9'), '203.0.113.9');
  await service.close();
});
