/** The two ends of one WebSocket, and what they may do to each other. */

const CLOSE_MS = 2_000;

export interface WebSocketLimits {
  readonly messageBytes: number;
  /** Bytes that a slow reader may leave waiting. */
  readonly bufferedBytes: number;
  readonly idleMs: number;
  readonly aSubject: number;
  readonly altogether: number;
}

export const WEB_SOCKET_LIMITS: WebSocketLimits = {
  messageBytes: 1024 * 1024,
  bufferedBytes: 4 * 1024 * 1024,
  idleMs: 300_000,
  aSubject: 8,
  altogether: 400,
};

export type Message = string | ArrayBuffer;

/** The WebSocket to the service, and what it said before there was anybody to hear it. */
export interface ServiceEnd {
  readonly socket: WebSocket;
  readonly early: readonly Message[];
}

/** The two ends of one WebSocket. */
export class Bridge {
  /** Resolves when both ends are closed, or had time enough for it. */
  readonly ended: Promise<void>;
  readonly #resolve: () => void;
  private readonly service: WebSocket;
  readonly #waiting: Message[] = [];
  #lastMessage = performance.now();
  #idleTimer: ReturnType<typeof setTimeout>;
  #lifeTimer?: ReturnType<typeof setTimeout>;
  #closeTimer?: ReturnType<typeof setTimeout>;

  constructor(
    private readonly client: WebSocket,
    { socket: service, early }: ServiceEnd,
    private readonly limits: WebSocketLimits,
  ) {
    this.service = service;
    ({ promise: this.ended, resolve: this.#resolve } = Promise.withResolvers<void>());
    client.binaryType = 'arraybuffer';
    client.onopen = () => this.#waiting.splice(0).forEach((message) => this.#pass(client, message));
    client.onmessage = ({ data }) => this.#pass(service, data);
    service.onmessage = ({ data }) => this.#pass(client, data);
    client.onclose = ({ code, reason }) => this.#closed(() => closeService(service, code, reason));
    service.onclose = ({ code, reason }) => this.#closed(() => closeClient(client, code, reason));
    // What broke is told by the event that follows.
    client.onerror = service.onerror = (event) => event.preventDefault();
    this.#idleTimer = setTimeout(() => this.#checkIdle(), limits.idleMs);
    for (const message of early) this.#pass(client, message);
    if (service.readyState === WebSocket.CLOSED) this.end(1011, 'the service went away');
  }

  limitTo(milliseconds: number): void {
    if (milliseconds === Infinity) return;
    this.#lifeTimer = setTimeout(() => this.end(1001, 'the time is up'), Math.max(0, milliseconds));
  }

  end(code: number, reason: string): void {
    closeClient(this.client, code, reason);
    closeService(this.service, code, reason);
    this.#closed();
  }

  #pass(to: WebSocket, message: Message): void {
    this.#lastMessage = performance.now();
    const bytes = typeof message === 'string' ? message.length : message.byteLength;
    if (bytes > this.limits.messageBytes) return this.end(1009, 'the message is too large');
    if (to.readyState === WebSocket.CONNECTING) {
      this.#waiting.push(message);
      if (this.#waiting.length > 100) this.end(1008, 'too many messages');
      return;
    }
    if (to.readyState !== WebSocket.OPEN) return;
    to.send(message);
    if (to.bufferedAmount > this.limits.bufferedBytes) this.end(1013, 'the reader is too slow');
  }

  #checkIdle(): void {
    const left = this.#lastMessage + this.limits.idleMs - performance.now();
    if (left <= 0) return this.end(1001, 'nothing was said for too long');
    this.#idleTimer = setTimeout(() => this.#checkIdle(), left + 1);
  }

  /** One end is closed: closes the other, and does not wait for it for ever. */
  #closed(closeOther?: () => void): void {
    closeOther?.();
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#lifeTimer);
    this.#closeTimer ??= setTimeout(() => this.#resolve(), CLOSE_MS);
    const isClosed = ({ readyState }: WebSocket) => readyState === WebSocket.CLOSED;
    if (!isClosed(this.client) || !isClosed(this.service)) return;
    clearTimeout(this.#closeTimer);
    this.#resolve();
  }
}

const isOpen = ({ readyState }: WebSocket): boolean =>
  readyState === WebSocket.OPEN || readyState === WebSocket.CONNECTING;

/** A server may say every code; what stands for "no code" and "no goodbye" is no code. */
function closeClient(socket: WebSocket, code: number, reason: string): void {
  if (!isOpen(socket)) return;
  if (code === 1005) socket.close();
  else if (code >= 1000 && code !== 1006 && code !== 1015) socket.close(code, reason);
  else socket.close(1011, 'the service went away');
}

/** A client may only say these; anything else is an ordinary end to the service. */
function closeService(socket: WebSocket, code: number, reason: string): void {
  if (!isOpen(socket)) return;
  if (code === 1000 || (code >= 3000 && code <= 4999)) socket.close(code, reason);
  else socket.close();
}
