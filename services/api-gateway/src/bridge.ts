/** Joins the two ends of one WebSocket. Frames pass unbuffered: each end reads as fast as the other writes. */
import { FrameGuard, goodbye } from './frames.ts';

const CLOSE_MS = 2_000;

export interface WebSocketLimits {
  readonly messageBytes: number;
  readonly idleMs: number;
  readonly aSubject: number;
  readonly altogether: number;
}

export const WEB_SOCKET_LIMITS: WebSocketLimits = {
  messageBytes: 1024 * 1024,
  idleMs: 300_000,
  aSubject: 8,
  altogether: 400,
};

/** A connection that carries WebSocket frames. */
export interface FrameStream {
  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** One end of the WebSocket. */
class Side {
  readonly guard: FrameGuard;
  /** This end has sent a close frame, or its connection has ended. */
  isDone = false;
  /** This end has been sent a close frame, or cannot be sent one any more. */
  isTold = false;
  /** Settles when all writes are done. */
  writing = Promise.resolve();

  constructor(readonly stream: FrameStream, private readonly isClient: boolean, messageBytes: number) {
    // Clients mask their frames (RFC 6455); towards the service the gateway is the client.
    this.guard = new FrameGuard(isClient, messageBytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    // Writes queue: two at once would mix their frames.
    return this.writing = this.writing.then(() => this.stream.write(bytes));
  }

  tell(code: number, reason: string): void {
    if (this.isTold) return;
    this.isTold = true;
    // A failed write means the connection has ended; the reader of this end notices that.
    this.write(goodbye(code, reason, !this.isClient)).catch(() => undefined);
  }
}

export class Bridge {
  /** Resolves when both ends are closed, or the time to close is over. */
  readonly ended: Promise<void>;
  readonly #resolve: () => void;
  readonly #client: Side;
  readonly #service: Side;
  #end?: { readonly code: number; readonly reason: string };
  #lastMessage = performance.now();
  #idleTimer: ReturnType<typeof setTimeout>;
  #lifeTimer?: ReturnType<typeof setTimeout>;
  #closeTimer?: ReturnType<typeof setTimeout>;

  constructor(client: FrameStream, service: FrameStream, private readonly limits: WebSocketLimits) {
    ({ promise: this.ended, resolve: this.#resolve } = Promise.withResolvers<void>());
    this.#client = new Side(client, true, limits.messageBytes);
    this.#service = new Side(service, false, limits.messageBytes);
    this.#idleTimer = setTimeout(() => this.#checkIdle(), limits.idleMs);
    void this.#pass(this.#client, this.#service);
    void this.#pass(this.#service, this.#client);
  }

  limitTo(milliseconds: number): void {
    if (milliseconds === Infinity) return;
    this.#lifeTimer = setTimeout(() => this.end(1001, 'the time is up'), Math.max(0, milliseconds));
  }

  /** Sends a close frame to both ends, each after the frame under way to it. */
  end(code: number, reason: string): void {
    if (this.#end) return;
    this.#end = { code, reason };
    for (const [from, to] of this.#directions()) {
      from.guard.stop();
      this.#tellWhenBetweenFrames(from, to);
    }
    this.#waitForClose();
  }

  async #pass(from: Side, to: Side): Promise<void> {
    try {
      for (let bytes = await from.stream.read(); bytes; bytes = await from.stream.read()) {
        await this.#passSome(from, to, bytes);
        if (from.guard.isClosed) break;
      }
    } catch {
      // A broken end counts as closed.
    }
    this.#done(from, to);
  }

  async #passSome(from: Side, to: Side, bytes: Uint8Array): Promise<void> {
    const { guard } = from;
    const before = guard.frames;
    const passing = guard.look(bytes);
    if (guard.frames > before) this.#lastMessage = performance.now();
    if (guard.isClosed && !guard.isStopped) to.isTold = true;
    if (passing.length > 0) await to.write(passing);
    if (guard.violation) this.end(guard.violation.code, guard.violation.reason);
    this.#tellWhenBetweenFrames(from, to);
  }

  #tellWhenBetweenFrames(from: Side, to: Side): void {
    if (this.#end && from.guard.isStopped) to.tell(this.#end.code, this.#end.reason);
  }

  /** Handles the end of what `from` sends. */
  #done(from: Side, to: Side): void {
    from.isDone = true;
    const { isClosed, isBetweenFrames } = from.guard;
    // A lost end cannot receive a close frame, and neither can its peer in the middle of a frame.
    if (!isClosed) from.isTold = true;
    if (!isClosed && !isBetweenFrames) to.isTold = to.isDone = true;
    if (from === this.#service) to.tell(1011, 'the service went away');
    else to.tell(1001, 'the client went away');
    this.#waitForClose();
  }

  #waitForClose(): void {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#lifeTimer);
    this.#closeTimer ??= setTimeout(() => this.#close(), CLOSE_MS);
    if (!this.#client.isDone || !this.#service.isDone) return;
    void Promise.allSettled([this.#client.writing, this.#service.writing]).then(() => this.#close());
  }

  #close(): void {
    clearTimeout(this.#closeTimer);
    this.#client.stream.close();
    this.#service.stream.close();
    this.#resolve();
  }

  #checkIdle(): void {
    const left = this.#lastMessage + this.limits.idleMs - performance.now();
    if (left <= 0) return this.end(1001, 'nothing was said for too long');
    this.#idleTimer = setTimeout(() => this.#checkIdle(), left + 1);
  }

  #directions(): readonly (readonly [from: Side, to: Side])[] {
    return [[this.#client, this.#service], [this.#service, this.#client]];
  }
}
