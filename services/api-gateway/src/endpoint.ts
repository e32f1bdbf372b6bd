/** One address of a service: its pooled connections, what it is doing, and whether it is left alone for a while. */
import { type Address, connectWithin } from './connect.ts';
import { Connection } from './http1.ts';

const CONNECT_MS = 1_000;
/** Below the keep-alive of the services (75 s), so that none of them closes a connection about to be used. */
const POOL_IDLE_MS = 30_000;
const POOL_SIZE = 128;
const EJECTION = { failures: 3, firstMs: 5_000, longestMs: 60_000 };

export class Endpoint {
  /** Calls whose answer is not complete. */
  inFlight = 0;
  #idle: Connection[] = [];
  #failures = 0;
  #ejections = 0;
  #ejectedUntil = -Infinity;
  #isGone = false;

  constructor(readonly address: Address, private readonly now: () => number = () => performance.now()) {}

  /** The address as it is written in a URL. */
  get authority(): string {
    const { host, port } = this.address;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get isEjected(): boolean {
    return this.now() < this.#ejectedUntil;
  }

  /** The pooled connection that was used last. `now`: by `performance.now()`; it is passed on because asking costs. */
  take(now: number): Connection | undefined {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (!connection.isClosed && !isStale(connection, now)) {
        connection.unpark();
        return connection;
      }
      connection.close();
    }
    return undefined;
  }

  async connect(): Promise<Connection> {
    return new Connection(await connectWithin(CONNECT_MS, this.address));
  }

  /** Keeps a connection for the next call. */
  keep(connection: Connection): void {
    if (this.#isGone || this.#idle.length >= POOL_SIZE) return connection.close();
    connection.park(performance.now());
    this.#idle.push(connection);
  }

  /** True when this failure ejects it. `mayEject`: enough others are left. */
  failed(mayEject: boolean): boolean {
    this.#failures += 1;
    if (this.#failures < EJECTION.failures || this.isEjected || !mayEject) return false;
    this.#ejectedUntil = this.now() + Math.min(EJECTION.firstMs * 2 ** this.#ejections, EJECTION.longestMs);
    this.#ejections += 1;
    this.#failures = 0;
    return true;
  }

  /** A failure long ago weighs less: each success takes one ejection off the next one's time. */
  succeeded(): void {
    this.#failures = 0;
    if (this.#ejections > 0 && !this.isEjected) this.#ejections -= 1;
  }

  /** Closes connections that have been idle for long. */
  sweep(): void {
    const now = performance.now();
    this.#idle = this.#idle.filter((connection) => {
      if (isStale(connection, now)) connection.close();
      return !connection.isClosed;
    });
  }

  /** Calls under way go on; no connection is kept. */
  close(): void {
    this.#isGone = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

const isStale = ({ parkedAt }: Connection, now: number): boolean => now - parkedAt > POOL_IDLE_MS;
