/**
 * One connection to Redis (RESP2). Commands that arrive during a write go out together in the next one; replies come in
 * the order of the commands.
 *
 * Written by hand on a plain connection: it is on the way of every request, and a general client costs a fifth of it.
 */
import { setImmediate } from 'node:timers';
import { type Address, connectWithin } from './connect.ts';

export interface RespLimits {
  readonly connectMs: number;
  /** The longest wait for a reply, in milliseconds. */
  readonly commandMs: number;
  /** Milliseconds of silence after which the connection counts as lost. */
  readonly silentMs: number;
}

const LIMITS: RespLimits = { connectMs: 2_000, commandMs: 500, silentMs: 5_000 };
const LOOK_MS = 100;
const BUFFER_BYTES = 64 * 1024;
const MAX_REPLY_BYTES = 4 * 1024 * 1024;
const [CR, PLUS, MINUS, COLON, DOLLAR, STAR, ZERO] = [13, 43, 45, 58, 36, 42, 48];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export type Reply = string | number | null | Reply[];

/** Words of a command, encoded for the wire. */
export interface Encoded {
  readonly count: number;
  readonly text: string;
}

/** An error reply of the server. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}

/** The server is not reachable, or does not answer in time. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
}

interface Waiting {
  readonly since: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  isOver: boolean;
}

/** The reply is incomplete so far. */
const MORE = Symbol('more');

export class RespConnection {
  /** Resolves when the connection has ended, with the reason. */
  readonly ended: Promise<Error>;
  readonly #end: (reason: Error) => void;
  readonly #waiting: Waiting[] = [];
  readonly #look: ReturnType<typeof setInterval>;
  #outgoing = '';
  #isWriting = false;
  #isClosed = false;
  #lookedAt = performance.now();
  #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #filled = 0;

  private constructor(private readonly socket: Deno.Conn, private readonly limits: RespLimits) {
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<Error>());
    if ('setNoDelay' in socket) (socket as Deno.TcpConn).setNoDelay(true);
    this.#look = setInterval(() => this.#lookAtTime(), LOOK_MS);
    void this.#readReplies();
  }

  /** @param passwords tried in order until the server accepts one; empty when the server needs none. */
  static async open(
    address: Address,
    passwords: readonly string[] = [],
    limits = LIMITS,
  ): Promise<RespConnection> {
    const connection = new RespConnection(await connectWithin(limits.connectMs, address), limits);
    try {
      await connection.#logIn(passwords);
      await connection.command(['PING']);
      return connection;
    } catch (error) {
      connection.close(error instanceof Error ? error : new RedisAway(String(error)));
      throw error;
    }
  }

  async #logIn(passwords: readonly string[]): Promise<void> {
    for (const [index, password] of passwords.entries()) {
      try {
        await this.command(['AUTH', password]);
        return;
      } catch (error) {
        const refused = error instanceof RedisError && error.message.startsWith('WRONGPASS');
        if (!refused || index === passwords.length - 1) throw error;
      }
    }
  }

  /** The reply to a command; rejects with RedisError for an error reply, with RedisAway when none comes in time. */
  command(words: readonly string[]): Promise<Reply> {
    return this.send(encode(words));
  }

  /** The reply to a command of encoded words, followed by `more`. */
  send({ count, text }: Encoded, more: Encoded = NO_WORDS): Promise<Reply> {
    const now = performance.now();
    // The oldest command has no reply in time, so a new one would not get its own either.
    if (this.#isClosed || this.#waiting[0]?.isOver) {
      return Promise.reject(new RedisAway(this.#isClosed ? 'not connected' : 'no answer'));
    }
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#waiting.push({ since: now, resolve, reject, isOver: false });
    });
    this.#outgoing += `*${count + more.count}\r\n${text}${more.text}`;
    if (!this.#isWriting) {
      this.#isWriting = true;
      // Writes after the other requests of this turn have added their commands.
      setImmediate(() => void this.#write());
    }
    return reply;
  }

  close(reason: Error = new RedisAway('closed')): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#look);
    this.socket.close();
    for (const { reject, isOver } of this.#waiting.splice(0)) if (!isOver) reject(reason);
    this.#end(reason);
  }

  async #write(): Promise<void> {
    try {
      while (this.#outgoing && !this.#isClosed) {
        const bytes = encoder.encode(this.#outgoing);
        this.#outgoing = '';
        for (let sent = 0; sent < bytes.length;) sent += await this.socket.write(bytes.subarray(sent));
      }
    } catch (error) {
      this.close(new RedisAway('the connection broke', { cause: error }));
    }
    this.#isWriting = false;
  }

  async #readReplies(): Promise<void> {
    try {
      for (;;) {
        if (this.#filled === this.#buffer.length) this.#makeRoom();
        const count = await this.socket.read(this.#buffer.subarray(this.#filled));
        if (count === null) throw new RedisAway('the server closed the connection');
        this.#filled += count;
        this.#handOut();
      }
    } catch (error) {
      this.close(
        error instanceof RedisAway ? error : new RedisAway('the connection broke', { cause: error }),
      );
    }
  }

  #handOut(): void {
    for (;;) {
      const begin = this.#start;
      const reply = this.#parse();
      if (reply === MORE) {
        this.#start = begin;
        break;
      }
      const waiting = this.#waiting.shift();
      if (!waiting) throw new RedisAway('a reply without a request');
      if (waiting.isOver) continue;
      if (reply instanceof RedisError) waiting.reject(reply);
      else waiting.resolve(reply);
    }
    if (this.#start === this.#filled) this.#start = this.#filled = 0;
  }

  #parse(): Reply | RedisError | typeof MORE {
    const type = this.#buffer[this.#start];
    if (type === PLUS || type === MINUS) {
      const line = this.#line();
      if (line === undefined) return MORE;
      return type === PLUS ? line : new RedisError(line);
    }
    if (this.#start === this.#filled) return MORE;
    if (type !== COLON && type !== DOLLAR && type !== STAR) throw new RedisAway('a reply that is no reply');
    const number = this.#number();
    if (number === undefined) return MORE;
    if (type === COLON) return number;
    return type === DOLLAR ? this.#parseText(number) : this.#parseList(number);
  }

  #parseText(length: number): string | null | typeof MORE {
    if (length < 0) return null;
    const end = this.#start + length;
    if (end + 2 > this.#filled) return MORE;
    const text = decoder.decode(this.#buffer.subarray(this.#start, end));
    this.#start = end + 2;
    return text;
  }

  #parseList(length: number): Reply | typeof MORE {
    if (length < 0) return null;
    const items: Reply[] = [];
    for (let index = 0; index < length; index++) {
      const item = this.#parse();
      if (item === MORE) return MORE;
      items.push(item instanceof RedisError ? item.message : item);
    }
    return items;
  }

  /** The line after its first character; undefined while it is incomplete. */
  #line(): string | undefined {
    const end = this.#buffer.indexOf(CR, this.#start);
    if (end < 0 || end + 2 > this.#filled) return undefined;
    let line = '';
    for (let at = this.#start + 1; at < end; at++) line += String.fromCharCode(this.#buffer[at] ?? 0);
    this.#start = end + 2;
    return line;
  }

  /** The same for a whole number, of which most replies consist. */
  #number(): number | undefined {
    const bytes = this.#buffer;
    const isNegative = bytes[this.#start + 1] === MINUS;
    let number = 0;
    let at = this.#start + (isNegative ? 2 : 1);
    for (; at < this.#filled && bytes[at] !== CR; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) throw new RedisAway('a number that is no number');
      number = number * 10 + digit;
    }
    if (at + 2 > this.#filled) return undefined;
    this.#start = at + 2;
    return isNegative ? -number : number;
  }

  #makeRoom(): void {
    const held = this.#buffer.subarray(this.#start, this.#filled);
    if (this.#start === 0) {
      if (this.#buffer.length >= MAX_REPLY_BYTES) throw new RedisAway('a reply that is too large');
      this.#buffer = new Uint8Array(this.#buffer.length * 2);
    }
    this.#buffer.set(held);
    this.#filled = held.length;
    this.#start = 0;
  }

  /** Rejects commands that have waited too long; drops their replies when they come. */
  #lookAtTime(): void {
    const now = performance.now();
    const pause = now - this.#lookedAt;
    this.#lookedAt = now;
    // This process itself stood still, for instance without CPU time: replies may have arrived unread.
    if (pause > 2 * LOOK_MS) return;
    const { commandMs, silentMs } = this.limits;
    for (const waiting of this.#waiting) {
      const age = now - waiting.since;
      if (age > silentMs) return this.close(new RedisAway(`no answer within ${silentMs} ms`));
      if (age <= commandMs) break;
      if (waiting.isOver) continue;
      waiting.isOver = true;
      waiting.reject(new RedisAway(`no answer within ${commandMs} ms`));
    }
  }
}

export function encode(words: readonly string[], lengthOf = lengthInCharacters): Encoded {
  let text = '';
  for (const word of words) text += `$${lengthOf(word)}\r\n${word}\r\n`;
  if (lengthOf === lengthInCharacters && !ASCII.test(text)) return encode(words, lengthInBytes);
  return { count: words.length, text };
}

// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
const lengthInCharacters = (word: string): number => word.length;
const lengthInBytes = (word: string): number => encoder.encode(word).length;
const NO_WORDS = encode([]);
