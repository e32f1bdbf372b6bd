import { Clock, type Timed } from '../src/clock.ts';
import { assertEquals, waitUntil } from './support.ts';

function timedAt(clock: Clock, due: number) {
  const timed: Timed & { expired: number; due: number } = {
    due,
    expired: 0,
    expire() {
      timed.expired++;
      clock.remove(timed);
    },
  };
  return timed;
}

Deno.test('what is due expires, what is removed or later does not', async () => {
  const clock = new Clock();
  const now = performance.now();
  const all = [1, 2, 3, 4, 5].map((index) => timedAt(clock, index === 4 ? now + 60_000 : now + index));
  for (const timed of all) clock.add(timed);
  const [first, second, third, fourth, fifth] = all;
  for (const timed of [second, fifth, second]) if (timed) clock.remove(timed);
  await waitUntil(() => third?.expired === 1);
  assertEquals(all.map(({ expired }) => expired), [1, 0, 1, 0, 0]);
  if (fourth) fourth.due = now;
  await waitUntil(() => fourth?.expired === 1);
  if (first) {
    first.due = performance.now();
    clock.add(first);
  }
  await waitUntil(() => first?.expired === 2);
  clock.stop();
});
