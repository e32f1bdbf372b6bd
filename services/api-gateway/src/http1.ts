/**
 * One HTTP/1.1 connection to a service: one request at a time, bodies streamed both ways.
 *
 * The gateway does not use `fetch`, because `fetch` does not tell whether it sent the request (which decides whether the
 * gateway may retry), has no limit for the time to connect, and costs three times as much.
 */
import { Buffer } from 'node:buffer';
import type { Header } from './exchange.ts';
import { listOf } from './headers.ts';

const BUFFER_BYTES = 16 * 1024;
const OUTPUT_BYTES = 2 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
const CHUNK_BYTES = 64 * 1024;
const MAX_LINE_BYTES = 1024;
const [CR, LF] = [13, 10];
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Control characters: another parser may split lines at them, and header writers reject them. */
// deno-lint-ignore no-control-regex
const STRAY = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|[^\r]\n/;
const KNOWN_NAMES = 1_000;
const names = new Map<string, string>();
const encoder = new TextEncoder();

/** The service broke the rules of HTTP. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** The connection ended too early; `silent` when no byte of an answer had come. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';

  constructor(readonly silent: boolean, cause?: unknown) {
    super('the connection was closed', { cause });
  }
}

export interface Head {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly Header[];
  /** What marks the end of the body: its length, the last chunk, or the end of the connection. */
  readonly framing: number | 'chunked' | 'close';
  readonly keepAlive: boolean;
}

export class Connection {
  #buffer = new Uint8Array(BUFFER_BYTES);
  /** The same bytes as a `Buffer`, which can decode them as Latin-1. */
  #text = Buffer.from(this.#buffer.buffer);
  #output = new Uint8Array(OUTPUT_BYTES);
  #start = 0;
  #end = 0;
  /** A read into the buffer that is under way. */
  #reading?: Promise<number | null>;
  #isParked = false;
  #isClosed = false;
  parkedAt = 0;

  constructor(private readonly socket: Deno.Conn) {
    if ('setNoDelay' in socket) (socket as Deno.TcpConn).setNoDelay(true);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.socket.close();
  }

  /** Keeps the connection for the next request; drops it when the service closes it or sends anything meanwhile. */
  park(now: number): void {
    if (this.#start !== this.#end) return this.close();
    this.#start = this.#end = 0;
    this.#isParked = true;
    this.parkedAt = now;
    this.#reading = this.socket.read(this.#buffer);
    const onEnd = () => {
      if (this.#isParked) this.close();
    };
    this.#reading.then(onEnd, onEnd);
  }

  unpark(): void {
    this.#isParked = false;
  }

  /** Sends the head of a request; its characters are at most U+00FF. */
  writeHead(head: string): Promise<void> {
    // The connection reuses its buffer: a new one for each request would cost more than the rest of this function.
    if (head.length > this.#output.length) this.#output = new Uint8Array(2 * head.length);
    const { read, written } = encoder.encodeInto(head, this.#output);
    const isAscii = read === head.length && written === head.length;
    return this.write(isAscii ? this.#output.subarray(0, written) : bytesOf(head));
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.socket.write(sent ? bytes.subarray(sent) : bytes);
    }
  }

  /**
   * The head of the answer to a request of this method. Skips interim answers (1xx), except the answer to an upgrade
   * request.
   */
  async readHead(method: string, isUpgrade = false): Promise<Head> {
    for (;;) {
      const end = this.#headEnd();
      if (end >= 0) {
        const text = this.#text.toString('latin1', this.#start, end);
        this.#start = end + 4;
        const head = parseHead(text, method);
        if (head.status >= 200) return head;
        if (head.status === 101 && isUpgrade) return head;
        if (head.status === 101) throw new BadAnswer('an upgrade that was not asked for');
      } else if (!await this.#fill(MAX_HEAD_BYTES)) {
        throw new ConnectionLost(this.#start === this.#end);
      }
    }
  }

  /** Exactly `length` bytes as a view of the buffer, valid until the next request; undefined when they do not fit. */
  readWhole(length: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> | undefined {
    if (length > BUFFER_BYTES) return undefined;
    return this.#end - this.#start < length ? this.#waitForWhole(length) : this.#view(length);
  }

  async #waitForWhole(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#end - this.#start < length) {
      if (!await this.#fill(2 * BUFFER_BYTES)) throw new ConnectionLost(false);
    }
    return this.#view(length);
  }

  /** At most `limit` of the next bytes; null when the connection has ended. */
  async readSome(limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const buffered = this.#end - this.#start;
    if (buffered > 0) return this.#view(Math.min(buffered, limit)).slice();
    const chunk = new Uint8Array(Math.min(limit, CHUNK_BYTES));
    const count = await this.socket.read(chunk);
    return count === null ? null : chunk.subarray(0, count);
  }

  /** The next line without its line end. */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#buffer.subarray(0, this.#end).indexOf(LF, this.#start);
      if (end >= 0) {
        const line = this.#text.toString('latin1', this.#start, end);
        this.#start = end + 1;
        if (line.endsWith('\r')) return line.slice(0, -1);
        throw new BadAnswer('a line that ends wrongly');
      }
      if (this.#end - this.#start > MAX_LINE_BYTES) throw new BadAnswer('a line that is too long');
      if (!await this.#fill(MAX_HEAD_BYTES)) throw new ConnectionLost(false);
    }
  }

  /** The next bytes as a view of the buffer. */
  #view(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return bytes;
  }

  /** Position of the empty line after the head; -1 when it has not come yet. */
  #headEnd(): number {
    const bytes = this.#buffer;
    const last = this.#end - 4;
    for (let at = bytes.indexOf(CR, this.#start); at >= 0 && at <= last; at = bytes.indexOf(CR, at + 1)) {
      if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
    }
    return -1;
  }

  /** Reads more into the buffer; false at the end of the connection. */
  async #fill(limit: number): Promise<boolean> {
    this.#reading ??= this.#readMore(limit);
    const reading = this.#reading;
    let count: number | null;
    try {
      count = await reading;
    } catch (error) {
      throw new ConnectionLost(this.#start === this.#end, error);
    } finally {
      this.#reading = undefined;
    }
    if (count === null) return false;
    this.#end += count;
    return true;
  }

  #readMore(limit: number): Promise<number | null> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end === this.#buffer.length) this.#makeRoom(limit);
    return this.socket.read(this.#buffer.subarray(this.#end));
  }

  #makeRoom(limit: number): void {
    const held = this.#buffer.subarray(this.#start, this.#end);
    if (this.#start === 0) {
      if (this.#buffer.length >= limit) throw new BadAnswer(`a head larger than ${limit} bytes`);
      this.#buffer = new Uint8Array(this.#buffer.length * 2);
      this.#text = Buffer.from(this.#buffer.buffer);
    }
    this.#buffer.set(held);
    this.#end = held.length;
    this.#start = 0;
  }
}

/** The head of a request as text. The server that received the headers has checked names and values. */
export function requestHead(method: string, target: string, headers: readonly Header[]): string {
  let text = `${method} ${target} HTTP/1.1\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

/** Encodes each character as one byte: header values are Latin-1. */
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

function parseHead(text: string, method: string): Head {
  const lines = text.split('\r\n');
  const [, minor, digits] = STATUS_LINE.exec(lines[0] ?? '') ?? [];
  if (!digits) throw new BadAnswer('no status line');
  if (STRAY.test(text)) throw new BadAnswer('a malformed header');
  const status = Number(digits);
  const headers: Header[] = [];
  let [length, isChunked, keepAlive, mayStay] = [undefined as string | undefined, false, minor === '1', true];
  for (let index = 1; index < lines.length; index++) {
    const header = parseHeader(lines[index] ?? '');
    const [name, value] = header;
    headers.push(header);
    if (name === 'content-length') {
      if (!/^\d{1,15}$/.test(value) || (length ?? value) !== value) throw new BadAnswer('an unclear length');
      length = value;
    } else if (name === 'transfer-encoding') {
      if (isChunked || value.toLowerCase() !== 'chunked') {
        throw new BadAnswer('an unknown transfer encoding');
      }
      isChunked = true;
    } else if (name === 'connection') {
      const words = listOf(value);
      if (words.includes('close')) mayStay = false;
      else if (words.includes('keep-alive')) keepAlive = true;
    }
  }
  if (isChunked && length !== undefined) throw new BadAnswer('two lengths');
  if (isChunked && minor === '0') throw new BadAnswer('chunks in HTTP/1.0');
  const isEmpty = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const framing = isEmpty ? 0 : isChunked ? 'chunked' : length === undefined ? 'close' : Number(length);
  if (status > 599 || (status === 205 && framing !== 0)) {
    throw new BadAnswer(`an impossible status ${status}`);
  }
  return { status, headers, framing, keepAlive: keepAlive && mayStay && framing !== 'close' };
}

function parseHeader(line: string): Header {
  const colon = line.indexOf(':');
  return [lowerCased(line.slice(0, Math.max(0, colon))), line.slice(colon + 1).trim()];
}

/** A name in lower case, cached: every answer brings the same few names. */
function lowerCased(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (!HEADER_NAME.test(name)) throw new BadAnswer('a malformed header');
  const lower = name.toLowerCase();
  if (names.size < KNOWN_NAMES) names.set(name, lower);
  return lower;
}

/** The body of one answer. */
export class AnswerBody {
  #left: number;
  #isDone = false;
  #isFirstChunk = true;

  constructor(private readonly connection: Connection, private readonly framing: Head['framing']) {
    this.#left = typeof framing === 'number' ? framing : 0;
  }

  /** The whole body when it is known to be small; valid until the next use of the connection. */
  whole(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> | undefined {
    return typeof this.framing === 'number' ? this.connection.readWhole(this.framing) : undefined;
  }

  /** The next bytes as soon as they come; null at the end. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.framing === 'close') return await this.#readToEnd();
    if (this.framing === 'chunked' && this.#left === 0) await this.#nextChunk();
    if (this.#isDone) return null;
    const bytes = await this.connection.readSome(this.#left);
    if (!bytes) throw new ConnectionLost(false);
    this.#left -= bytes.length;
    if (this.#left === 0 && typeof this.framing === 'number') this.#isDone = true;
    return bytes;
  }

  /** Reads until the connection ends; the connection cannot be reused. */
  async #readToEnd(): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = await this.connection.readSome(CHUNK_BYTES);
    if (!bytes) this.#isDone = true;
    return bytes;
  }

  async #nextChunk(): Promise<void> {
    if (!this.#isFirstChunk && await this.connection.readLine() !== '') throw new BadAnswer('a torn chunk');
    this.#isFirstChunk = false;
    const [size = ''] = (await this.connection.readLine()).split(';', 1);
    if (!/^[0-9a-fA-F]{1,12}[ \t]*$/.test(size)) throw new BadAnswer('a chunk without size');
    this.#left = parseInt(size, 16);
    if (this.#left > 0) return;
    while (await this.connection.readLine() !== '') { /* trailers stay with the gateway */ }
    this.#isDone = true;
  }
}
