/** Reads from a client and writes to it over a connection of Node's server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FrameStream } from './bridge.ts';
import { type Client, type Header, isSource, type Reply, type WebSocketClient } from './exchange.ts';
import type { End, Source } from './streams.ts';

/** Bytes of an unwanted body that the gateway still reads: many clients read the answer only after sending the body. */
const UNWANTED_BYTES = 64 * 1024;
const UNWANTED_MS = 2_000;

export class HttpClient implements Client {
  readonly method: string;
  readonly target: string;
  readonly isHttp10: boolean;
  readonly headers: readonly Header[];
  readonly peer: string;
  #body?: AsyncIterator<Uint8Array>;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    readonly webSocket?: WebSocketClient,
  ) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.isHttp10 = request.httpVersion === '1.0';
    this.headers = pairs(request.rawHeaders);
    this.peer = request.socket.remoteAddress ?? 'unknown';
  }

  get hasWholeBody(): boolean {
    return this.request.complete;
  }

  get isGone(): boolean {
    return this.request.socket.destroyed;
  }

  onGone(callback: () => void): void {
    this.response.once('close', callback);
  }

  leave(): void {
    this.request.socket.destroy();
  }

  async read(): Promise<Uint8Array | null> {
    if (!this.#body) {
      if (this.request.headers.expect !== undefined) this.response.writeContinue();
      this.#body = this.request[Symbol.asyncIterator]();
    }
    const { done, value } = await this.#body.next();
    return done ? null : value;
  }

  /** Sends the answer; resolves when Node has taken it, or when a streamed answer has ended. */
  async send(reply: Reply): Promise<void> {
    const { body } = reply;
    try {
      if (!this.isGone) this.#begin(reply);
    } catch (error) {
      if (isSource(body)) body.ended('broken');
      throw error;
    }
    if (isSource(body)) await this.#stream(body);
    if (!this.request.complete) this.#giveBodyUp();
  }

  /** Writes head and body, or only the head when the body streams. */
  #begin({ status, headers, body }: Reply): void {
    const { request, response, webSocket } = this;
    const list = headers.flat();
    if (webSocket || (!request.complete && this.#isLarge)) list.push('Connection', 'close');
    if (body instanceof Uint8Array) list.push('Content-Length', String(body.length));
    if (webSocket) this.#writeTo(webSocket.socket);
    response.writeHead(status, list);
    if (isSource(body)) response.flushHeaders();
    else response.end(body ?? undefined);
  }

  /** Answers a refused WebSocket with an ordinary response, the last on this connection. */
  #writeTo(socket: Socket): void {
    this.response.assignSocket(socket);
    this.response.once('finish', () => socket.destroySoon());
  }

  get #isLarge(): boolean {
    return this.#body !== undefined || !(Number(this.request.headers['content-length']) <= UNWANTED_BYTES);
  }

  /** Discards the rest of the request's body, within limits. */
  #giveBodyUp(): void {
    const timer = setTimeout(() => this.leave(), UNWANTED_MS);
    this.request.once('close', () => clearTimeout(timer));
  }

  async #stream(source: Source): Promise<void> {
    const { response } = this;
    let isOver = false;
    const over = (end: End) => {
      if (!isOver) source.ended(end);
      isOver = true;
    };
    if (this.isGone) return over('cancelled');
    response.once('close', () => over('cancelled'));
    try {
      for (let chunk = await source.read(); chunk; chunk = await source.read()) {
        if (!response.write(chunk)) await drained(response);
      }
      over('complete');
      response.end();
    } catch {
      over('broken');
      this.leave();
    }
  }
}

function pairs(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    headers.push([(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '']);
  }
  return headers;
}

/** Resolves when the stream accepts more; rejects when the client has disconnected. */
function drained(stream: ServerResponse | Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (stream.destroyed) reject(new Error('the client went away'));
  const onClose = () => reject(new Error('the client went away'));
  stream.once('close', onClose);
  stream.once('drain', () => {
    stream.off('close', onClose);
    resolve();
  });
  return promise;
}

/** A connection of Node's server that carries WebSocket frames. */
export class SocketStream implements FrameStream {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #first: Uint8Array | undefined;

  constructor(private readonly socket: Socket, first: Uint8Array) {
    this.#first = first.length > 0 ? first : undefined;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array | null> {
    const first = this.#first;
    this.#first = undefined;
    if (first) return first;
    const { done, value } = await this.#chunks.next();
    return done ? null : value;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.socket.write(bytes)) await drained(this.socket);
  }

  close(): void {
    this.socket.destroySoon();
  }
}
