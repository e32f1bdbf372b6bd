/** The connections of clients: which are idle, and which take nothing of what they are sent. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const SWEEP_MS = 5_000;

interface State {
  /** Requests under way. */
  requests: number;
  /** Bytes that had gone out at the last change, and when that was. */
  sent: number;
  sentAt: number;
}

export class Connections {
  readonly #states = new Map<Socket, State>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(private readonly stuckMs: number) {
    this.#timer = setInterval(() => this.#sweep(performance.now()), SWEEP_MS);
  }

  add(socket: Socket): void {
    this.#states.set(socket, { requests: 0, sent: 0, sentAt: 0 });
    socket.once('close', () => this.remove(socket));
  }

  remove(socket: Socket): void {
    this.#states.delete(socket);
  }

  begin(socket: Socket, response: ServerResponse): void {
    const state = this.#states.get(socket);
    if (!state) return;
    state.requests += 1;
    response.once('close', () => state.requests -= 1);
  }

  /** The server's own list takes a connection on which no request has come yet for busy. */
  closeIdle(): void {
    for (const [socket, { requests }] of this.#states) if (requests === 0) socket.destroy();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Ends those that leave waiting for too long what they are sent: they would hold their place for ever. */
  #sweep(now: number): void {
    for (const [socket, state] of this.#states) {
      const waiting = socket.writableLength;
      const sent = socket.bytesWritten - waiting;
      if (waiting === 0 || sent !== state.sent) [state.sent, state.sentAt] = [sent, now];
      else if (now - state.sentAt >= this.stuckMs) socket.destroy();
    }
  }
}
