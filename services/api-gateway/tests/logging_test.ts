import { timestamp } from '../src/logging.ts';
import { assertEquals, testLogger } from './support.ts';

Deno.test('lines have the time to the millisecond, whatever second it was before', () => {
  for (const now of [0, 7, 999, 1_000, 1_796_000_000_040, 1_795_999_999_400]) {
    assertEquals(timestamp(now), new Date(now).toISOString());
  }
});

Deno.test('lines are JSON, whatever is in them', () => {
  const log: Record<string, unknown>[] = [];
  testLogger(log, '1"2').info('so called "news"\n', { path: '/a"b\\', none: undefined });
  testLogger(log).info('nothing more');
  const [line = {}, plain = {}] = log;
  assertEquals([line.message, line.version, line.path], ['so called "news"\n', '1"2', '/a"b\\']);
  assertEquals(Object.keys(plain), ['timestamp', 'level', 'logger', 'message', 'service', 'version']);
});
