/** The two ends of one WebSocket. Frames pass as they come, each end at the pace of the other. */
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

/** A connection on which frames are spoken. */
export interface FrameStream {
  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** One end, and what comes from it. */
class Side {
  readonly guard: FrameGuard;
  /** It has said goodbye, or is gone. */
  isDone = false;
  /** It was told goodbye, or cannot be told any more. */
  isTold = false;
  /** Settles when all that was written has gone out. */
  writing = Promise.resolve();

  constructor(readonly stream: FrameStream, private readonly isClient: boolean, messageBytes: number) {
    // A client masks what it sends; to the service the gateway is one.
    this.guard = new FrameGuard(isClient, messageBytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    // One after the other: two writes at once would mix their frames.
    return this.writing = this.writing.then(() => this.stream.write(bytes));
  }

  tell(code: number, reason: string): void {
    if (this.isTold) return;
    this.isTold = true;
    // An end that is gone is not told; that it is gone shows when it is read.
    this.write(goodbye(code, reason, !this.isClient)).catch(() => undefined);
  }
}

export class Bridge {
  /** Resolves when both ends are closed, or had time enough for it. */
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

  /** Says goodbye to both ends, each when the frame that is on its way to it has passed. */
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
      // An end that broke is gone.
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

  /** Nothing more comes from this end. */
  #done(from: Side, to: Side): void {
    from.isDone = true;
    const { isClosed, isBetweenFrames } = from.guard;
    // One that is gone cannot be told, nor can the other end in the middle of a frame.
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
