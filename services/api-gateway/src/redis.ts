/** The connection to Redis. A command fails at once while Redis is away: no request waits for it. */
import { createClient, defineScript } from '@redis/client';
import { describe, type Logger } from './logging.ts';
import { type Decision, decisionFrom, GCRA, gcraArguments, type Quota } from './rate_limit.ts';
import type { Settings } from './settings.ts';

const COMMAND_MS = 500;
const CONNECT_MS = 2_000;
const PING_MS = 5_000;
const IDLE_MS = 15_000;
const LONGEST_PAUSE_MS = 2_000;

export interface LimitStore {
  ping(): Promise<void>;
  consume(quota: Quota): Promise<Decision>;
}

const gcra = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: GCRA,
  parseCommand(parser, key: string, args: readonly string[]) {
    parser.pushKey(key);
    parser.push(...args);
  },
  transformReply: (reply: number[]) => reply,
});

function buildClient({ host, port, password }: Settings['redis']) {
  return createClient({
    socket: {
      host,
      port,
      connectTimeout: CONNECT_MS,
      // A peer that vanished without a word is noticed by the ping that gets no answer.
      socketTimeout: IDLE_MS,
      reconnectStrategy: (attempt: number) => Math.min(100 * 2 ** attempt, LONGEST_PAUSE_MS),
    },
    password,
    pingInterval: PING_MS,
    disableOfflineQueue: true,
    scripts: { gcra },
  });
}

export class RedisStore implements LimitStore {
  readonly #client: ReturnType<typeof buildClient>;
  #connected = true;

  constructor(settings: Settings['redis'], private readonly logger: Logger) {
    this.#client = buildClient(settings);
    this.#client.on('ready', () => this.#onReady());
    this.#client.on('error', (error: unknown) => this.#onError(error));
  }

  /** Begins to connect, and goes on until it works; `ping` tells whether it did. */
  start(): void {
    this.#client.connect().catch((error: unknown) => this.#onError(error));
  }

  async ping(): Promise<void> {
    await within(COMMAND_MS, this.#client.ping());
  }

  async consume(quota: Quota): Promise<Decision> {
    const { key, args } = gcraArguments(quota);
    return decisionFrom(await within(COMMAND_MS, this.#client.gcra(key, args)));
  }

  close(): void {
    this.#client.destroy();
  }

  #onReady(): void {
    this.#connected = true;
    this.logger.info('redis is connected');
  }

  /** The client reports every attempt; the log gets the first of a row. */
  #onError(error: unknown): void {
    if (this.#connected) this.logger.warning('redis is away', { error: describe(error) });
    this.#connected = false;
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
