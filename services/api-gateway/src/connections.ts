/** Tracks the connections of clients: which are idle, and which have stopped reading. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const SWEEP_MS = 5_000;

interface State {
  /** Requests under way. */
  requests: number;
  /** Bytes sent at the last progress, and the time of that progress. */
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

  /** Replaces Node's `closeIdleConnections`, which counts a connection without any request yet as busy. */
  closeIdle(): void {
    for (const [socket, { requests }] of this.#states) if (requests === 0) socket.destroy();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Closes connections whose client has stopped reading: each would hold its place for ever. */
  #sweep(now: number): void {
    for (const [socket, state] of this.#states) {
      const waiting = socket.writableLength;
      const sent = socket.bytesWritten - waiting;
      if (waiting === 0 || sent !== state.sent) [state.sent, state.sentAt] = [sent, now];
      else if (now - state.sentAt >= this.stuckMs) socket.destroy();
    }
  }
}
