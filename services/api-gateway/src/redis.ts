/** What the gateway asks of Redis. A command fails at once while Redis is away: no request waits for it. */
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
import type { Settings } from './settings.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Twice what the outboxes of the services let the stream have: ours may be lost, and must not push theirs out. */
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
  /** Calls the script by the name under which the server knows it. */
  #script = encode([]);
  /** An admission is asked for again and again: it is put into words once. */
  readonly #words = new WeakMap<Admission, Encoded>();
  #isClosed = false;
  #pause?: ReturnType<typeof setTimeout>;
  #wasAway = false;

  constructor(
    private readonly settings: Settings['redis'],
    private readonly passwords: () => readonly string[],
    private readonly logger: Logger,
    private readonly limits?: RespLimits,
  ) {}

  /** Begins to connect, and goes on until it works; `ping` tells whether it did. */
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
      // A server that has lost its scripts is given the text.
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
    const { host, port } = this.settings;
    const address = { host, port, isSecure: false };
    const connection = await RespConnection.open(address, this.passwords(), this.limits);
    if (this.#isClosed) connection.close();
    this.#script = encode(['EVALSHA', String(await connection.command(['SCRIPT', 'LOAD', ADMIT]))]);
    this.#connection = connection;
    this.#wasAway = false;
    this.logger.info('redis is connected');
    return connection;
  }

  /** The log gets the first of a row. */
  #onAway(reason: unknown): void {
    if (!this.#wasAway && !this.#isClosed) {
      this.logger.warning('redis is away', { error: describe(reason) });
    }
    this.#wasAway = true;
  }
}
