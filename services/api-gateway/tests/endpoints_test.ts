import { Endpoint } from '../src/endpoint.ts';
import { Endpoints, type EndpointsOptions } from '../src/endpoints.ts';
import { RetryBudget } from '../src/retry_budget.ts';
import { assert, assertEquals, testLogger } from './support.ts';

function build(hosts: string[], options: Partial<EndpointsOptions> = {}) {
  const state = { hosts, fails: false, now: 0, looked: 0 };
  const log: Record<string, unknown>[] = [];
  const ejected: string[] = [];
  const endpoints = new Endpoints({
    upstream: 'http://service:8000',
    endpoints: 'service-pods:8000',
    resolve: (name) => {
      assertEquals(name, 'service-pods');
      state.looked++;
      return state.fails ? Promise.reject(new Error('no answer')) : Promise.resolve(state.hosts);
    },
    now: () => state.now,
    onEjected: ({ address }) => ejected.push(address.host),
    ...options,
  }, testLogger(log));
  const hostsOf = () => endpoints.all.map(({ address }) => `${address.host}:${address.port}`);
  return { endpoints, state, log, ejected, hostsOf };
}

const find = (endpoints: Endpoints, host: string): Endpoint => {
  const found = endpoints.all.find(({ address }) => address.host === host);
  assert(found);
  return found;
};

Deno.test('replicas come and go; those that stay are the same', async () => {
  const { endpoints, state, hostsOf } = build(['10.0.0.1', '10.0.0.2']);
  assertEquals(hostsOf(), ['service:8000']);
  await endpoints.start();
  assertEquals(hostsOf(), ['10.0.0.1:8000', '10.0.0.2:8000']);
  const staying = find(endpoints, '10.0.0.2');
  state.hosts = ['10.0.0.2', '10.0.0.3'];
  await endpoints.refresh();
  assertEquals(hostsOf(), ['10.0.0.2:8000', '10.0.0.3:8000']);
  assert(find(endpoints, '10.0.0.2') === staying);
  endpoints.close();
});

Deno.test('when nothing resolves the service itself is asked', async () => {
  const { endpoints, state, hostsOf } = build(['10.0.0.1']);
  await endpoints.refresh();
  state.hosts = [];
  await endpoints.refresh();
  assertEquals([hostsOf(), endpoints.pick().address.host], [['service:8000'], 'service']);
  endpoints.close();
});

Deno.test('without an answer of the name server the replicas of before are kept', async () => {
  const { endpoints, state, hostsOf, log } = build(['10.0.0.1']);
  await endpoints.refresh();
  state.fails = true;
  await endpoints.refresh();
  assertEquals([hostsOf(), log.map(({ message }) => message)], [
    ['10.0.0.1:8000'],
    ['replicas cannot be looked up'],
  ]);
  endpoints.close();
});

Deno.test('a name that exists is resolved by the system', async () => {
  const { endpoints, hostsOf } = build([], { endpoints: 'localhost:8000', resolve: undefined });
  await endpoints.refresh();
  assertEquals(hostsOf(), ['127.0.0.1:8000']);
  endpoints.close();
});

Deno.test('the less busy of two is chosen, and the load evens out', async () => {
  const { endpoints } = build(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
  await endpoints.refresh();
  for (let call = 0; call < 400; call++) endpoints.pick().inFlight += 1;
  const loads = endpoints.all.map(({ inFlight }) => inFlight);
  assert(Math.max(...loads) - Math.min(...loads) <= 10, `the load is ${loads}`);
  endpoints.close();
});

Deno.test('a busy replica gets nothing while another is free', async () => {
  const { endpoints } = build(['10.0.0.1', '10.0.0.2']);
  await endpoints.refresh();
  find(endpoints, '10.0.0.1').inFlight = 5;
  for (let call = 0; call < 20; call++) assertEquals(endpoints.pick().address.host, '10.0.0.2');
  endpoints.close();
});

Deno.test('a second try goes elsewhere', async () => {
  const { endpoints } = build(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  await endpoints.refresh();
  const tried = find(endpoints, '10.0.0.2');
  for (let call = 0; call < 30; call++) assert(endpoints.pick(tried) !== tried);
  endpoints.close();
});

Deno.test('a replica that keeps failing is left alone, longer each time', async () => {
  const { endpoints, state, ejected } = build(['10.0.0.1', '10.0.0.2']);
  await endpoints.refresh();
  const bad = find(endpoints, '10.0.0.1');
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) endpoints.report(bad, false);
  };
  fail(2);
  endpoints.report(bad, true);
  fail(2);
  assertEquals([bad.isEjected, ejected], [false, []]);
  fail(1);
  assertEquals([bad.isEjected, ejected], [true, ['10.0.0.1']]);
  for (let call = 0; call < 20; call++) assertEquals(endpoints.pick().address.host, '10.0.0.2');
  state.now = 5_000;
  assertEquals(bad.isEjected, false);
  fail(3);
  state.now = 14_999;
  assertEquals(bad.isEjected, true);
  state.now = 15_000;
  assertEquals(bad.isEjected, false);
  endpoints.close();
});

Deno.test('never more than half of the replicas are left alone', async () => {
  const { endpoints } = build(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  await endpoints.refresh();
  for (const endpoint of endpoints.all) for (let i = 0; i < 5; i++) endpoints.report(endpoint, false);
  assertEquals(endpoints.all.map(({ isEjected }) => isEjected), [true, false, false]);
  const { endpoints: alone } = build(['10.0.0.1']);
  await alone.refresh();
  for (let i = 0; i < 5; i++) alone.report(alone.pick(), false);
  assertEquals(alone.all.map(({ isEjected }) => isEjected), [false]);
  endpoints.close();
  alone.close();
});

Deno.test('addresses are written as in a URL', () => {
  const authority = (host: string) => new Endpoint({ host, port: 80, isSecure: false }).authority;
  assertEquals([authority('10.0.0.1'), authority('fd00::1')], ['10.0.0.1:80', '[fd00::1]:80']);
});

Deno.test('a fifth of the recent calls may be tried again, and a few at any time', () => {
  const clock = { now: 0 };
  const budget = new RetryBudget(() => clock.now);
  const withdrawAll = () => {
    let retries = 0;
    while (budget.withdraw()) retries++;
    return retries;
  };
  assertEquals(withdrawAll(), 3);
  for (let call = 0; call < 100; call++) budget.deposit();
  assertEquals(withdrawAll(), 20);
  clock.now = 10_000;
  assertEquals(withdrawAll(), 0);
  clock.now = 40_000;
  assertEquals(withdrawAll(), 3);
});
