/** Checks one direction of a WebSocket frame by frame (RFC 6455), without collecting messages. */

const [CONTINUATION, CLOSE] = [0, 8];
const OPCODES = new Set([0, 1, 2, 8, 9, 10]);
const MAX_CONTROL_BYTES = 125;
/** Only an attacker splits a message into more frames than this. */
const MAX_FRAMES = 1_000;
const NOTHING = new Uint8Array();

export interface Violation {
  readonly code: 1002 | 1009;
  readonly reason: string;
}

const broken = (reason: string): Violation => ({ code: 1002, reason });
const TOO_LARGE: Violation = { code: 1009, reason: 'the message is too large' };

interface FrameHead {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly isMasked: boolean;
  readonly hasReserved: boolean;
  /** Bytes of the head; `length` is the bytes of the payload. */
  readonly size: number;
  readonly length: number;
}

export class FrameGuard {
  /** The violation for which nothing more may pass. */
  violation?: Violation;
  /** The close frame has come: nothing may follow it. */
  isClosed = false;
  /** The guard still looks for the close frame, but passes nothing. */
  isStopped = false;
  /** Number of data frames so far. */
  frames = 0;
  /** The start of an incomplete head. */
  #withheld: Uint8Array = NOTHING;
  #left = 0;
  #isInMessage = false;
  #messageBytes = 0;
  #messageFrames = 0;
  #isGoodbye = false;
  #isStopping = false;

  constructor(private readonly isMasked: boolean, private readonly messageBytes: number) {}

  /** True between two frames, where the gateway may insert a frame of its own. */
  get isBetweenFrames(): boolean {
    return this.#left === 0;
  }

  /** Lets the current frame pass to its end, and no other. */
  stop(): void {
    this.#isStopping = true;
    this.isStopped ||= this.isBetweenFrames;
  }

  /** The part of the withheld and the new bytes that may pass. */
  look(bytes: Uint8Array): Uint8Array {
    const all = this.#withheld.length > 0 ? joined(this.#withheld, bytes) : bytes;
    let [at, passed] = [0, 0];
    while (at < all.length && !this.isClosed) {
      const size = this.#left > 0 ? 0 : this.#nextHead(all, at);
      if (size === undefined) break;
      at += size;
      const step = Math.min(this.#left, all.length - at);
      at += step;
      this.#left -= step;
      if (!this.isStopped) passed = at;
      if (this.#left === 0) this.#endFrame();
    }
    const isReadable = !this.isClosed && this.violation?.code !== 1002;
    this.#withheld = isReadable ? all.slice(at) : NOTHING;
    return all.subarray(0, passed);
  }

  /** The size of the next frame's head; undefined when the head is incomplete or invalid. */
  #nextHead(bytes: Uint8Array, at: number): number | undefined {
    const head = this.violation?.code === 1002 ? undefined : readHead(bytes, at);
    if (!head) return undefined;
    const violation = this.#check(head);
    if (violation) {
      this.violation ??= violation;
      this.isStopped = true;
      if (violation.code === 1002) return undefined;
    }
    this.#begin(head);
    return head.size;
  }

  #endFrame(): void {
    this.isClosed = this.#isGoodbye;
    this.isStopped ||= this.#isStopping;
  }

  #check({ isFinal, opcode, isMasked, hasReserved, length }: FrameHead): Violation | undefined {
    if (hasReserved || !OPCODES.has(opcode)) return broken('a frame of an unknown kind');
    if (isMasked !== this.isMasked) return broken('a frame that is masked wrongly');
    if (opcode >= CLOSE) {
      const isSmall = isFinal && length <= MAX_CONTROL_BYTES && !(opcode === CLOSE && length === 1);
      return isSmall ? undefined : broken('a control frame that is too large');
    }
    if ((opcode === CONTINUATION) !== this.#isInMessage) return broken('a frame out of turn');
    const [bytes, frames] = this.#isInMessage ? [this.#messageBytes, this.#messageFrames] : [0, 0];
    return bytes + length > this.messageBytes || frames >= MAX_FRAMES ? TOO_LARGE : undefined;
  }

  #begin({ isFinal, opcode, length }: FrameHead): void {
    this.#left = length;
    this.#isGoodbye = opcode === CLOSE;
    if (opcode >= CLOSE) return;
    if (!this.#isInMessage) this.#messageBytes = this.#messageFrames = 0;
    this.#messageBytes += length;
    this.#messageFrames += 1;
    this.#isInMessage = !isFinal;
    this.frames += 1;
  }
}

/** The head of the frame at this position; undefined while it is incomplete. */
function readHead(bytes: Uint8Array, at: number): FrameHead | undefined {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === undefined || second === undefined) return undefined;
  const isMasked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const size = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (at + size > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at + 2);
  const length = lengthBytes === 8
    ? Number(view.getBigUint64(0))
    : lengthBytes === 2
    ? view.getUint16(0)
    : short;
  const isFinal = (first & 0x80) !== 0;
  return { isFinal, opcode: first & 0x0f, isMasked, hasReserved: (first & 0x70) !== 0, size, length };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** A close frame; masked for a service, as RFC 6455 requires of a client. */
export function goodbye(code: number, reason: string, isMasked: boolean): Uint8Array {
  const text = new TextEncoder().encode(reason);
  const payload = joined(new Uint8Array([code >> 8, code & 0xff]), text);
  if (!isMasked) return joined(new Uint8Array([0x80 | CLOSE, payload.length]), payload);
  const mask = crypto.getRandomValues(new Uint8Array(4));
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return joined(new Uint8Array([0x80 | CLOSE, 0x80 | payload.length, ...mask]), masked);
}
