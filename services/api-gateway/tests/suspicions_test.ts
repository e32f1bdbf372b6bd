import { Exchange } from '../src/exchange.ts';
import { BufferedSink } from '../src/logging.ts';
import { Metrics } from '../src/metrics.ts';
import { Suspicions } from '../src/suspicions.ts';
import {
  AbsentStore,
  assert,
  assertEquals,
  clientOf,
  GenerousStore,
  testLogger,
  USER_ID,
  waitUntil,
} from './support.ts';

function build(store = new GenerousStore()) {
  const clock = { now: 0 };
  const suspicions = new Suspicions(store, new Metrics('0'), testLogger(), () => clock.now);
  return { store, clock, suspicions };
}

function exchangeOf(client: string, userId?: string): Exchange {
  const exchange = new Exchange(clientOf({ peer: client }), () => {});
  exchange.route = '/api/ai/*';
  if (userId) exchange.principal = { userId, role: 'user', issuedAt: 0, expiresAt: 0 };
  return exchange;
}

Deno.test('twenty refusals within a minute are told, once a minute', () => {
  const { store, clock, suspicions } = build();
  const miss = (client: string, times: number, status = 404) => {
    for (let i = 0; i < times; i++) suspicions.answered(exchangeOf(client), status);
  };
  miss('10.0.0.1', 19);
  miss('10.0.0.1', 50, 200);
  miss('10.0.0.2', 19, 401);
  assertEquals(store.events, []);
  miss('10.0.0.1', 1, 403);
  miss('10.0.0.1', 30);
  assertEquals(store.events.map(({ type, data, user_id }) => [type, data, user_id]), [
    ['gateway.enumeration', { address: '10.0.0.1', misses: 20 }, undefined],
  ]);
  clock.now = 60_000;
  miss('10.0.0.2', 1);
  assertEquals(store.events.length, 1);
  miss('10.0.0.1', 20);
  assertEquals(store.events.length, 2);
});

Deno.test('a user is one subject wherever they are, an IPv6 network too', () => {
  const { store, suspicions } = build();
  for (let i = 0; i < 20; i++) suspicions.answered(exchangeOf(`10.0.0.${i}`, USER_ID), 404);
  for (let i = 0; i < 20; i++) suspicions.answered(exchangeOf(`2001:db8::${i}`), 404);
  assertEquals(store.events.map(({ user_id }) => user_id), [USER_ID, undefined]);
});

Deno.test('an event that is lost is logged, and no request fails', async () => {
  const log: Record<string, unknown>[] = [];
  const suspicions = new Suspicions(new AbsentStore(), new Metrics('0'), testLogger(log));
  suspicions.limited(exchangeOf('10.0.0.1'));
  await waitUntil(() => log.length > 0);
  assertEquals([log[0]?.message, log[0]?.event_type], ['an event is lost', 'gateway.rate_limited']);
});

/** Standard output that accepts as many bytes as the test allows. */
function output() {
  const state = { text: '', gate: Promise.resolve(), writes: 0 };
  const write = async (bytes: Uint8Array) => {
    state.writes++;
    await state.gate;
    const part = bytes.subarray(0, Math.min(bytes.length, 100_000));
    state.text += new TextDecoder().decode(part);
    return part.length;
  };
  return { state, sink: new BufferedSink('api-gateway', { write }) };
}

Deno.test('log lines are written in order and in one go', async () => {
  const { state, sink } = output();
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
  for (const line of lines) sink.write(line);
  assertEquals(state.text, '');
  await sink.flush();
  assertEquals([state.text, state.writes], [lines.map((line) => `${line}\n`).join(''), 1]);
  sink.write('another');
  await waitUntil(() => state.text.endsWith('another\n'));
});

Deno.test('a reader of the log that is stuck costs lines, not memory', async () => {
  const { state, sink } = output();
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  const line = 'x'.repeat(10_000);
  for (let i = 0; i < 1_000; i++) sink.write(line);
  gate.resolve();
  await sink.flush();
  await sink.flush();
  assert(state.text.length < 5_000_000, `${state.text.length} characters were held`);
  const last = JSON.parse(state.text.trim().split('\n').at(-1) ?? '');
  assert(/^\d{3} lines are lost$/.test(last.message), last.message);
});
