/** WebSocket frames pass in pieces of any size, and the guard keeps none. */
import { Bridge, type FrameStream, WEB_SOCKET_LIMITS } from '../src/bridge.ts';
import { FrameGuard, goodbye } from '../src/frames.ts';
import { randomFrom } from './mutations.ts';
import { assert, assertEquals, waitUntil } from './support.ts';

const LIMIT = 1_000;

interface FrameOptions {
  readonly opcode?: number;
  readonly bytes?: number;
  readonly isFinal?: boolean;
  readonly isMasked?: boolean;
  readonly reserved?: number;
}

function frame(options: FrameOptions = {}): Uint8Array {
  const { opcode = 2, bytes = 3, isFinal = true, isMasked = false, reserved = 0 } = options;
  const mask = isMasked ? 0x80 : 0;
  const length = bytes < 126
    ? [mask | bytes]
    : bytes < 65_536
    ? [mask | 126, bytes >> 8, bytes & 0xff]
    : [mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (bytes >> shift) & 0xff)];
  const head = [(isFinal ? 0x80 : 0) | reserved | opcode, ...length, ...(isMasked ? [1, 2, 3, 4] : [])];
  return Uint8Array.from([...head, ...new Uint8Array(bytes).fill(7)]);
}

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const GOOD = joined(
  frame(),
  frame({ opcode: 1, bytes: 0 }),
  frame({ bytes: 400, isFinal: false }),
  frame({ opcode: 9, bytes: 125 }),
  frame({ opcode: 0, bytes: 600 }),
  frame({ opcode: 10, bytes: 0 }),
  frame({ bytes: LIMIT }),
  goodbye(4001, 'enough', false),
);

Deno.test('frames pass byte for byte, in whatever pieces they come', () => {
  const random = randomFrom(5);
  for (let round = 0; round < 50; round++) {
    const guard = new FrameGuard(false, LIMIT);
    const passed: number[] = [];
    for (let at = 0; at < GOOD.length;) {
      const end = round === 0 ? at + 1 : at + 1 + random.below(round * 10);
      passed.push(...guard.look(GOOD.slice(at, end)));
      at = end;
    }
    assertEquals([guard.violation, guard.isClosed, guard.frames, passed.length], [
      undefined,
      true,
      5,
      GOOD.length,
    ]);
    assert(passed.every((byte, index) => byte === GOOD[index]), 'bytes have changed');
  }
});

Deno.test('security: a frame that breaks the rules or a limit does not pass, nor anything after it', () => {
  const cases: [FrameOptions[], number][] = [
    [[{ bytes: LIMIT + 1 }], 1009],
    [[{ bytes: 70_000 }], 1009],
    [[{ bytes: 600, isFinal: false }, { opcode: 0, bytes: 401 }], 1009],
    [[{ bytes: 600, isFinal: false }, { opcode: 9 }, { opcode: 0, bytes: 401, isFinal: false }], 1009],
    [[...Array(1_000).fill({ bytes: 0, isFinal: false, opcode: 0 }).with(0, { isFinal: false }), {
      opcode: 0,
    }], 1009],
    [[{ isMasked: true }], 1002],
    [[{ reserved: 0x40 }], 1002],
    [[{ reserved: 0x10 }], 1002],
    [[{ opcode: 3 }], 1002],
    [[{ opcode: 11 }], 1002],
    [[{ opcode: 0 }], 1002],
    [[{ isFinal: false }, {}], 1002],
    [[{ opcode: 9, isFinal: false }], 1002],
    [[{ opcode: 9, bytes: 126 }], 1002],
    [[{ opcode: 8, bytes: 1 }], 1002],
  ];
  for (const [options, code] of cases) {
    const frames = options.map(frame);
    const good = joined(...frames.slice(0, -1));
    const guard = new FrameGuard(false, LIMIT);
    const passed = guard.look(joined(frame(), ...frames, frame()));
    const last = JSON.stringify(options.at(-1));
    assertEquals([last, guard.violation?.code, passed.length], [last, code, good.length + 5]);
    assertEquals(guard.look(frame()).length, 0);
  }
  assertEquals(new FrameGuard(true, LIMIT).look(frame()).length, 0);
  assertEquals(new FrameGuard(true, LIMIT).look(frame({ isMasked: true })).length, 9);
});

Deno.test('security: the announced length alone decides', () => {
  for (const length of [[0, 0, 0, 1], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff]]) {
    const guard = new FrameGuard(false, LIMIT);
    assertEquals(guard.look(Uint8Array.from([0x82, 127, ...length, 0, 0, 0, 0])).length, 0);
    assertEquals(guard.violation?.code, 1009);
  }
});

/** An end that a test controls; a write to it is done when `pace` resolves. */
function streamEnd(pace: () => Promise<void> = () => Promise.resolve()) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  const state = { taken: 0, read: 0, isClosed: false, last: new Uint8Array() };
  const stream: FrameStream = {
    async read() {
      const { value } = await reader.read();
      state.read += value?.length ?? 0;
      return value ?? null;
    },
    async write(bytes) {
      await pace();
      state.taken += bytes.length;
      state.last = bytes.slice();
    },
    close() {
      state.isClosed = true;
      writer.close().catch(() => undefined);
      reader.cancel().catch(() => undefined);
    },
  };
  return { stream, state, say: (bytes: Uint8Array) => writer.write(bytes).catch(() => undefined) };
}

Deno.test('security: an end is read no faster than the other takes it', async () => {
  const release = Promise.withResolvers<void>();
  const [client, service] = [streamEnd(), streamEnd(() => release.promise)];
  const bridge = new Bridge(client.stream, service.stream, WEB_SOCKET_LIMITS);
  const large = frame({ bytes: 60_000, isMasked: true });
  const saying = Promise.all(Array.from({ length: 100 }, () => client.say(large)));
  await waitUntil(() => client.state.read >= large.length);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals([client.state.read, service.state.taken], [large.length, 0]);
  release.resolve();
  await waitUntil(() => service.state.taken === 100 * large.length);
  await saying;
  bridge.end(1001, 'over');
  await bridge.ended;
});

Deno.test('a goodbye of the gateway waits for the end of the frame that is passing', async () => {
  const [client, service] = [streamEnd(), streamEnd()];
  const bridge = new Bridge(client.stream, service.stream, WEB_SOCKET_LIMITS);
  const [half, rest] = [frame({ bytes: 200 }).slice(0, 100), frame({ bytes: 200 }).slice(100)];
  await service.say(half);
  await waitUntil(() => client.state.taken === half.length);
  bridge.end(1001, 'over');
  // The service is told at once, masked; the client when its frame is whole.
  await waitUntil(() => service.state.taken > 0);
  assertEquals([service.state.last[0], service.state.last[1], client.state.taken], [0x88, 0x86, half.length]);
  await service.say(joined(rest, frame()));
  await waitUntil(() => client.state.taken === half.length + rest.length + 8);
  assertEquals([...client.state.last], [...goodbye(1001, 'over', false)]);
  await client.say(joined(frame({ isMasked: true }), frame({ opcode: 8, bytes: 2, isMasked: true })));
  await service.say(frame({ opcode: 8, bytes: 2 }));
  await bridge.ended;
  assertEquals([client.state.isClosed, service.state.isClosed], [true, true]);
});
