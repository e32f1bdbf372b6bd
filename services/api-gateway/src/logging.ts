/** Writes logs to standard output, one JSON object a line. */
import type { LogLevel } from './settings.ts';

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3, critical: 4 };

export type Fields = Readonly<Record<string, unknown>>;

/** Takes finished lines, without a line end. */
export interface Sink {
  write(line: string): void;
}

const FLUSH_MS = 50;
const FLUSH_CHARACTERS = 64 * 1024;
/** The most that the sink holds while the reader of the log is stuck. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Collects lines for a moment and writes them together, so that no request waits for its own line. */
export class BufferedSink implements Sink {
  #lines = '';
  #dropped = 0;
  #timer?: ReturnType<typeof setTimeout>;
  #writing?: Promise<void>;

  constructor(
    private readonly service: string,
    private readonly target: Pick<typeof Deno.stdout, 'write'> = Deno.stdout,
  ) {}

  write(line: string): void {
    if (this.#lines.length > MAX_CHARACTERS) {
      this.#dropped += 1;
      return;
    }
    this.#lines += `${line}\n`;
    if (this.#lines.length >= FLUSH_CHARACTERS) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Resolves when all lines so far are written. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#lines) return;
    const bytes = this.#takeLines();
    this.#writing = this.#writeAll(bytes).finally(() => this.#writing = undefined);
    await this.#writing;
  }

  #takeLines(): Uint8Array {
    if (this.#dropped) this.#lines += `${this.#lossLine()}\n`;
    const bytes = new TextEncoder().encode(this.#lines);
    this.#lines = '';
    this.#dropped = 0;
    return bytes;
  }

  #lossLine(): string {
    const [timestamp, message] = [new Date().toISOString(), `${this.#dropped} lines are lost`];
    return JSON.stringify({ timestamp, level: 'error', logger: 'gateway', message, service: this.service });
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      written += await this.target.write(bytes.subarray(written));
    }
  }
}

let second = -1;
let secondText = '';

/** The time as ISO 8601. Formats each second once: formatting for each line would cost more than the line itself. */
export function timestamp(now = Date.now()): string {
  const current = Math.floor(now / 1000);
  if (current !== second) {
    [second, secondText] = [current, new Date(current * 1000).toISOString().slice(0, -4)];
  }
  return `${secondText}${String(now - current * 1000).padStart(3, '0')}Z`;
}

export class Logger {
  readonly #common: string;

  constructor(
    service: string,
    version: string,
    private readonly threshold: LogLevel,
    private readonly sink: Sink,
  ) {
    this.#common = JSON.stringify({ service, version }).slice(1, -1);
  }

  log(level: LogLevel, logger: string, message: string, fields: Fields = {}): void {
    if (ORDER[level] < ORDER[this.threshold]) return;
    const own = JSON.stringify(fields);
    const rest = own === '{}' ? '}' : `,${own.slice(1)}`;
    const words = `"level":"${level}","logger":"${logger}","message":${JSON.stringify(message)}`;
    this.sink.write(`{"timestamp":"${timestamp()}",${words},${this.#common}${rest}`);
  }

  debug(message: string, fields?: Fields): void {
    this.log('debug', 'gateway', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.log('info', 'gateway', message, fields);
  }

  warning(message: string, fields?: Fields): void {
    this.log('warning', 'gateway', message, fields);
  }

  error(message: string, error: unknown, fields?: Fields): void {
    this.log('error', 'gateway', message, { ...fields, error: describe(error), exception: stackOf(error) });
  }
}

/** An error and its causes in one line. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause
    ? `${error.name}: ${error.message}: ${describe(error.cause)}`
    : `${error.name}: ${error.message}`;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
