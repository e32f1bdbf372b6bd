/** The gateway's commands to Redis. While Redis is away a command fails at once, so that no request waits for it. */
import type { Address } from './connect.ts';
import { describe, type Logger } from './logging.ts';
import { type Admission, ADMIT, admitWords, type Decision, decisionFrom } from './rate_limit.ts';
import {
  encode,
  type Encoded,
  RedisAway,
  RedisError,
  type Reply,
  RespConnection,
  type RespLimits,
} from './resp.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Twice the length that the services' outboxes allow: the gateway's events may be lost, but must not push theirs out. */
const EVENTS = { stream: 'events', field: 'event', maxLength: 20_000 };

export interface Store {
  ping(): Promise<void>;
  /** Decides about one request. */
  admit(admission: Admission): Promise<Decision>;
  /** Appends a document to the stream of events. */
  publish(event: string): Promise<void>;
}

export class RedisStore implements Store {
  #connection?: RespConnection;
  /** The command that calls the script by its hash. */
  #script = encode([]);
  /** Encoded commands: the same admission is asked for many times. */
  readonly #words = new WeakMap<Admission, Encoded>();
  #isClosed = false;
  #pause?: ReturnType<typeof setTimeout>;
  #wasAway = false;

  constructor(
    private readonly address: Omit<Address, 'protocols'>,
    private readonly passwords: () => readonly string[],
    private readonly logger: Logger,
    private readonly limits?: RespLimits,
  ) {}

  /** Connects, and retries until the connection works; `ping` tells whether it does. */
  start(): void {
    void this.#stayConnected();
  }

  async ping(): Promise<void> {
    await this.command(['PING']);
  }

  async admit(admission: Admission): Promise<Decision> {
    try {
      return decisionFrom(admission, await this.#ask(this.#script, admission));
    } catch (error) {
      // A server that has lost its scripts gets the text again.
      if (!(error instanceof RedisError && error.message.startsWith('NOSCRIPT'))) throw error;
      return decisionFrom(admission, await this.#ask(encode(['EVAL', ADMIT]), admission));
    }
  }

  async publish(event: string): Promise<void> {
    const { stream, field, maxLength } = EVENTS;
    await this.command(['XADD', stream, 'MAXLEN', '~', String(maxLength), '*', field, event]);
  }

  command(words: readonly string[]): Promise<Reply> {
    return this.#send(encode(words));
  }

  #ask(script: Encoded, admission: Admission): Promise<Reply> {
    let words = this.#words.get(admission);
    if (!words) this.#words.set(admission, words = encode(admitWords(admission)));
    return this.#send(script, words);
  }

  #send(words: Encoded, more?: Encoded): Promise<Reply> {
    return this.#connection?.send(words, more) ?? Promise.reject(new RedisAway('not connected'));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    this.#connection?.close();
  }

  async #stayConnected(): Promise<void> {
    for (let failures = 0; !this.#isClosed; failures++) {
      try {
        const connection = await this.#connect();
        failures = 0;
        this.#onAway(await connection.ended);
      } catch (error) {
        this.#onAway(error);
      }
      this.#connection = undefined;
      if (this.#isClosed) return;
      const milliseconds = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
      await new Promise<void>((resolve) => this.#pause = setTimeout(resolve, milliseconds));
    }
  }

  async #connect(): Promise<RespConnection> {
    const address = { ...this.address, protocols: [] };
    const connection = await RespConnection.open(address, this.passwords(), this.limits);
    if (this.#isClosed) connection.close();
    this.#script = encode(['EVALSHA', String(await connection.command(['SCRIPT', 'LOAD', ADMIT]))]);
    this.#connection = connection;
    this.#wasAway = false;
    this.logger.info('redis is connected');
    return connection;
  }

  /** Logs only the first of several failures in a row. */
  #onAway(reason: unknown): void {
    if (!this.#wasAway && !this.#isClosed) {
      this.logger.warning('redis is away', { error: describe(reason) });
    }
    this.#wasAway = true;
  }
}
