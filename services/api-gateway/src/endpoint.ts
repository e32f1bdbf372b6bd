/** One address of a service: its pooled connections, its load, and whether it is ejected for a while. */
import { type Address, connectWithin } from './connect.ts';
import { Connection } from './http1.ts';

const CONNECT_MS = 1_000;
/** Below the keep-alive of the services (75 s), so that no service closes a connection that the gateway is about to use. */
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

  /** Host and port as a URL has them. */
  get authority(): string {
    const { host, port } = this.address;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get isEjected(): boolean {
    return this.now() < this.#ejectedUntil;
  }

  /** The most recently used pooled connection. `now`: `performance.now()`, passed in because each call to it costs. */
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

  /** True when this failure ejects the endpoint. `mayEject`: enough other endpoints are left. */
  failed(mayEject: boolean): boolean {
    this.#failures += 1;
    if (this.#failures < EJECTION.failures || this.isEjected || !mayEject) return false;
    this.#ejectedUntil = this.now() + Math.min(EJECTION.firstMs * 2 ** this.#ejections, EJECTION.longestMs);
    this.#ejections += 1;
    this.#failures = 0;
    return true;
  }

  /** Old failures weigh less: each success shortens the next ejection by one step. */
  succeeded(): void {
    this.#failures = 0;
    if (this.#ejections > 0 && !this.isEjected) this.#ejections -= 1;
  }

  /** Closes connections that have been idle for `POOL_IDLE_MS`. */
  sweep(): void {
    const now = performance.now();
    this.#idle = this.#idle.filter((connection) => {
      if (isStale(connection, now)) connection.close();
      return !connection.isClosed;
    });
  }

  /** Closes the pool; calls under way go on. */
  close(): void {
    this.#isGone = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

const isStale = ({ parkedAt }: Connection, now: number): boolean => now - parkedAt > POOL_IDLE_MS;
