import { type BreakerState, CircuitBreaker } from '../src/breaker.ts';
import { assert, assertEquals } from './support.ts';

function build() {
  const clock = { now: 0 };
  const states: BreakerState[] = [];
  const breaker = new CircuitBreaker({
    failures: 3,
    openMs: 1000,
    now: () => clock.now,
    onChange: (state) => states.push(state),
  });
  const call = (outcome: 'success' | 'failure' | 'neutral') => {
    const permit = breaker.acquire();
    assert(permit, 'the breaker refused a call');
    permit.report(outcome);
  };
  return { clock, states, breaker, call };
}

Deno.test('the breaker opens after consecutive failures only', () => {
  const { breaker, call } = build();
  for (const outcome of ['failure', 'failure', 'success', 'failure', 'neutral', 'failure'] as const) {
    call(outcome);
  }
  assertEquals(breaker.state, 'closed');
  call('failure');
  assertEquals(breaker.state, 'open');
  assertEquals(breaker.acquire(), undefined);
  assertEquals(breaker.retryAfterMs, 1000);
});

Deno.test('an open breaker lets one trial through, and closes when it succeeds', () => {
  const { clock, states, breaker, call } = build();
  for (let i = 0; i < 3; i++) call('failure');
  clock.now = 1000;
  const trial = breaker.acquire();
  assert(trial);
  assertEquals(breaker.acquire(), undefined);
  trial.report('success');
  call('success');
  assertEquals(states, ['open', 'half-open', 'closed']);
});

Deno.test('a failed trial opens the breaker again', () => {
  const { clock, breaker, call } = build();
  for (let i = 0; i < 3; i++) call('failure');
  clock.now = 1500;
  call('failure');
  assertEquals(breaker.state, 'open');
  assertEquals(breaker.retryAfterMs, 1000);
});

Deno.test('a trial that says nothing is followed by another', () => {
  const { clock, breaker, call } = build();
  for (let i = 0; i < 3; i++) call('failure');
  clock.now = 1000;
  call('neutral');
  call('success');
  assertEquals(breaker.state, 'closed');
});

Deno.test('calls from before a change of state do not count', () => {
  const { clock, breaker, call } = build();
  const late = breaker.acquire();
  for (let i = 0; i < 3; i++) call('failure');
  late?.report('success');
  assertEquals(breaker.state, 'open');
  clock.now = 1000;
  call('success');
  late?.report('failure');
  assertEquals(breaker.state, 'closed');
});
