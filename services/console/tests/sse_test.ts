import { eventsOf } from '../src/api/sse.ts';
import { equal } from './check.ts';

const TEXT =
  'event: delta\ndata: {"text":"При"}\n\n: heartbeat\n\nevent: delta\r\ndata: a\r\ndata: b\r\n\r\nid: 7\n\ndata:x\n\n' +
  'event: done\ndata: {}\n\nevent: cut off\ndata: {';
const EVENTS = [
  { event: 'delta', data: '{"text":"При"}' },
  { event: 'delta', data: 'a\nb' },
  { event: 'message', data: 'x' },
  { event: 'done', data: '{}' },
];

async function read(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  return await Array.fromAsync(eventsOf(stream));
}

for (const size of [1, 2, 3, 7, 1000]) {
  Deno.test(`events that come ${size} bytes at a time`, async () => equal(await read(TEXT, size), EVENTS));
}

Deno.test('a reader that stops early ends the stream', async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const { data } of eventsOf(stream)) {
    equal(data, '1');
    break;
  }
  equal(cancelled, true);
});
