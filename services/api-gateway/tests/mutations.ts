/** Random faults, reproducible from a seed. */
import { createHash } from 'node:crypto';

export interface Random {
  /** A whole number from 0, below this one. */
  below(limit: number): number;
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    pick: <T>(items: readonly T[]): T => {
      const found = items[below(items.length)];
      if (found === undefined) throw new RangeError('there is nothing to pick');
      return found;
    },
  };
}

/** Texts that parsers read differently. */
const WORDS = [
  ...[
    '\0',
    '\x01',
    '\t',
    '\n',
    '\x0b',
    '\r',
    '\x1b',
    '\x7f',
    '\x80',
    '\xff',
    ' ',
    ':',
    ';',
    ',',
    '\r\n',
    '\r\n\r\n',
    '\n\n',
  ],
  ...[
    'X-A: a\x01b\r\n',
    'X-A: \x7f\r\n',
    'Location: http://x/\x0b\r\n',
    'X-\x01: a\r\n',
    'Set-Cookie: a=\x02\r\n',
    ' folded\r\n',
  ],
  ...[
    'Content-Length: 0\r\n',
    'Content-Length: 99999999999999999999\r\n',
    'Content-Length: +2\r\n',
    'Content-Length: 2, 2\r\n',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: x, chunked\r\n',
    'Connection: close\r\n',
    'Connection: upgrade\r\n',
  ],
  ...[
    'Upgrade: websocket\r\n',
    'Upgrade: h2c\r\n',
    'Host: a/b?\r\n',
    'Expect: 100-continue\r\n',
    'Sec-WebSocket-Protocol: \x01\r\n',
  ],
  ...[
    'HTTP/1.0',
    'HTTP/1.1',
    'HTTP/2.0',
    'HTTP/9.9',
    ' 100 ',
    ' 101 ',
    ' 204 ',
    ' 205 ',
    ' 304 ',
    ' 600 ',
    ' 999 ',
    ' 000 ',
  ],
  ...[
    '0\r\n\r\n',
    'ffffffffffffffff\r\n',
    '-1\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '%00',
    '/../',
    '//',
    '\\',
    '?',
    '#',
    '*',
  ],
  ...[
    '\x88\x02\x03\xef',
    '\x88\x80\0\0\0\0',
    '\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff',
    '\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff',
    '\xf1\x80',
  ],
];
const MOST_BYTES = 100_000;

export function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  let text = String.fromCharCode(...bytes);
  for (let left = 1 + random.below(4); left > 0; left--) text = mutated(random, text);
  return Uint8Array.from(text.slice(0, MOST_BYTES), (character) => character.charCodeAt(0));
}

function mutated(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(16));
  const [before, part, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  switch (random.below(8)) {
    case 0:
      return before + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1:
      return before + String.fromCharCode(random.below(256)) + text.slice(at);
    case 2:
      return before + after;
    case 3:
      return before + part.repeat(2 + random.below(random.below(20) === 0 ? 5_000 : 4)) + after;
    case 4:
      return before;
    case 5:
      return afterALine(random, text, random.pick(WORDS));
    default:
      return before + random.pick(WORDS) + text.slice(at);
  }
}

/** Inserts the word where a header may begin. */
function afterALine(random: Random, text: string, word: string): string {
  const lines = text.split('\r\n');
  const at = 1 + random.below(lines.length);
  return [...lines.slice(0, at), word.replace(/\r\n$/, ''), ...lines.slice(at)].join('\r\n');
}

/** The headers with which a service accepts a WebSocket. */
export function acceptFor(request: string): string {
  const key = /^sec-websocket-key: *(\S+)/mi.exec(request)?.[1] ?? '';
  const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof}\r\n`;
}
