/** What the gateway asks of Redis. A command fails at once while Redis is away: no request waits for it. */
import { setImmediate } from 'node:timers';
import { describe, type Logger } from './logging.ts';
import { type Admission, ADMIT, admitWords, type Decision, decisionFrom } from './rate_limit.ts';
import { encode, type Encoded, joined, RedisAway, RedisError, type Reply, RespConnection } from './resp.ts';
import type { Settings } from './settings.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const EVENTS = { stream: 'events', field: 'event', maxLength: 10_000 };

/** So many are asked for at once, without waiting for others: Redis works on them while those are still being read. */
const MOST_TOGETHER = 16;
const COUNTS = Array.from({ length: MOST_TOGETHER + 1 }, (_, count) => encode([String(count)]));

interface Asking {
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

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
  /** Requests that ask for the same in one turn: they are counted by one call, each as if it had come alone. */
  readonly #asking = new Map<Admission, Asking[]>();
  #isAskingSoon = false;
  #isClosed = false;
  #pause?: ReturnType<typeof setTimeout>;
  #wasAway = false;

  constructor(private readonly settings: Settings['redis'], private readonly logger: Logger) {}

  /** Begins to connect, and goes on until it works; `ping` tells whether it did. */
  start(): void {
    void this.#stayConnected();
  }

  async ping(): Promise<void> {
    await this.command(['PING']);
  }

  admit(admission: Admission): Promise<Decision> {
    return new Promise((resolve, reject) => {
      let asking = this.#asking.get(admission);
      if (!asking) this.#asking.set(admission, asking = []);
      asking.push({ resolve, reject });
      if (asking.length === MOST_TOGETHER) {
        this.#asking.delete(admission);
        void this.#decide(admission, asking);
      }
      if (this.#isAskingSoon) return;
      this.#isAskingSoon = true;
      // After the other requests of this turn have said what they want.
      setImmediate(() => this.#askAll());
    });
  }

  #askAll(): void {
    this.#isAskingSoon = false;
    for (const [admission, asking] of this.#asking) void this.#decide(admission, asking);
    this.#asking.clear();
    this.#connection?.flush();
  }

  /** One question for all that ask the same. */
  async #decide(admission: Admission, asking: readonly Asking[]): Promise<void> {
    try {
      const reply = await this.#askFor(admission, asking.length);
      asking.forEach(({ resolve }, index) => resolve(decisionFrom(admission, reply, index + 1)));
    } catch (error) {
      for (const { reject } of asking) reject(error);
    }
  }

  async #askFor(admission: Admission, count: number): Promise<Reply> {
    let words = this.#words.get(admission);
    if (!words) this.#words.set(admission, words = encode(admitWords(admission)));
    const all = joined(words, COUNTS[count] ?? encode([String(count)]));
    try {
      return await this.#send(this.#script, all);
    } catch (error) {
      // A server that has lost its scripts is given the text.
      if (!(error instanceof RedisError && error.message.startsWith('NOSCRIPT'))) throw error;
      return await this.#send(encode(['EVAL', ADMIT]), all);
    }
  }

  async publish(event: string): Promise<void> {
    const { stream, field, maxLength } = EVENTS;
    await this.command(['XADD', stream, 'MAXLEN', '~', String(maxLength), '*', field, event]);
  }

  command(words: readonly string[]): Promise<Reply> {
    return this.#send(encode(words));
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
    const { host, port, password } = this.settings;
    const connection = await RespConnection.open({ host, port, isSecure: false }, password);
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
