/** The addresses of one service, from DNS when it has a headless Service; chooses among them by load. */
import { lookup } from 'node:dns/promises';
import type { Address } from './connect.ts';
import { Endpoint } from './endpoint.ts';
import { describe, type Logger } from './logging.ts';

const REFRESH_MS = 5_000;

/** Looks up the addresses of a name; empty when it has none. Rejects when no name server answers. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface EndpointsOptions {
  readonly upstream: string;
  /** Name and port of the headless Service. */
  readonly endpoints?: string;
  readonly resolve?: Resolve;
  readonly random?: () => number;
  readonly now?: () => number;
  readonly onEjected?: (endpoint: Endpoint) => void;
  readonly onChange?: (count: number) => void;
}

async function resolveWithSystem(hostname: string): Promise<readonly string[]> {
  try {
    const found = await lookup(hostname, { all: true, family: 4 });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') return [];
    throw error;
  }
}

export class Endpoints {
  /** The Service itself, used while the replicas are unknown. */
  readonly #service: Endpoint;
  readonly #name?: { readonly host: string; readonly port: number };
  readonly #resolve: Resolve;
  readonly #random: () => number;
  #replicas: Endpoint[] = [];
  #timer?: ReturnType<typeof setInterval>;

  constructor(private readonly options: EndpointsOptions, private readonly logger: Logger) {
    this.#service = new Endpoint(addressOf(options.upstream), options.now);
    const [host = '', port] = options.endpoints?.split(':') ?? [];
    if (port) this.#name = { host, port: Number(port) };
    this.#resolve = options.resolve ?? resolveWithSystem;
    this.#random = options.random ?? Math.random;
  }

  /** Looks the addresses up now and every few seconds. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    await this.refresh();
  }

  get all(): readonly Endpoint[] {
    return this.#replicas.length > 0 ? this.#replicas : [this.#service];
  }

  /** The less busy of two random replicas, so that gateways do not all pick the same one; prefers another than `tried`. */
  pick(tried?: Endpoint): Endpoint {
    const all = this.all;
    const [only] = all;
    if (only && all.length === 1) return only;
    const healthy = all.filter((endpoint) => !endpoint.isEjected && endpoint !== tried);
    const candidates = healthy.length > 0 ? healthy : all;
    const first = Math.floor(this.#random() * candidates.length);
    const second = (first + 1 + Math.floor(this.#random() * (candidates.length - 1))) % candidates.length;
    const [a = this.#service, b = this.#service] = [candidates[first], candidates[second]];
    return b.inFlight < a.inFlight ? b : a;
  }

  report(endpoint: Endpoint, isGood: boolean): void {
    if (isGood) return endpoint.succeeded();
    const ejected = this.all.filter(({ isEjected }) => isEjected).length;
    const mayEject = (ejected + 1) * 2 <= this.all.length;
    if (endpoint.failed(mayEject)) this.options.onEjected?.(endpoint);
  }

  async refresh(): Promise<void> {
    for (const endpoint of [this.#service, ...this.#replicas]) endpoint.sweep();
    if (!this.#name) return;
    try {
      this.#replace(await this.#resolve(this.#name.host), this.#name.port);
    } catch (error) {
      // The replicas of the last lookup most likely still run.
      this.logger.warning('replicas cannot be looked up', { name: this.#name.host, error: describe(error) });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const endpoint of [this.#service, ...this.#replicas]) endpoint.close();
  }

  #replace(hosts: readonly string[], port: number): void {
    const known = new Map(this.#replicas.map((endpoint) => [endpoint.address.host, endpoint]));
    this.#replicas = hosts.map((host) =>
      known.get(host) ?? new Endpoint({ host, port, isSecure: false }, this.options.now)
    );
    for (const [host, endpoint] of known) if (!hosts.includes(host)) endpoint.close();
    this.options.onChange?.(this.#replicas.length);
  }
}

function addressOf(upstream: string): Address {
  const { protocol, hostname, port } = new URL(upstream);
  const isSecure = protocol === 'https:';
  const standard = isSecure ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || standard, isSecure };
}
