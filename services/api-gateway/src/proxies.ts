/** Decides which proxies in front of the edge are trusted to name their client. */
import { BlockList, isIP } from 'node:net';

/** Includes an IPv6 zone, whose name may have any length. */
const LONGEST_ADDRESS = 64;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

const versionOf = (address: string) => isIP(address) === 6 ? 'ipv6' : 'ipv4';

/** An address without brackets; undefined for anything else. */
function addressOf(hop: string | undefined): string | undefined {
  const text = hop?.trim().replace(/^\[(.*)\]$/, '$1') ?? '';
  return text.length <= LONGEST_ADDRESS && isIP(text) ? text : undefined;
}

/** Turns an IPv4-mapped IPv6 address into its IPv4 form. */
export const plainAddress = (address: string): string => MAPPED.exec(address)?.[1] ?? address;

/** Whether a text is a range such as 10.0.0.0/8. */
export function isRange(text: string): boolean {
  const [network = '', bits = '', ...rest] = text.split('/');
  const version = isIP(network);
  return version > 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (version === 6 ? 128 : 32);
}

export class TrustedProxies {
  readonly #ranges = new BlockList();
  readonly #isEmpty: boolean;

  /** @param depth number of the hop before the edge that is the client; default: the last hop outside the ranges. */
  constructor(ranges: readonly string[], private readonly depth?: number) {
    this.#isEmpty = ranges.length === 0;
    for (const range of ranges) {
      const [network = '', bits] = range.split('/');
      this.#ranges.addSubnet(network, Number(bits), versionOf(network));
    }
  }

  /**
   * The address of the client; the peer when the edge wrote no valid address. The edge wrote the last hop. A client can
   * forge the hops before it, so they count only when the last hop is a trusted proxy.
   */
  client(forwardedFor: string | undefined, peer: string): string {
    if (forwardedFor === undefined) return peer;
    const last = addressOf(forwardedFor.slice(forwardedFor.lastIndexOf(',') + 1));
    if (!last) return peer;
    if (this.#isEmpty || !this.#trusts(last)) return last;
    const before = forwardedFor.split(',').slice(0, -1);
    if (this.depth !== undefined) return addressOf(before.at(-this.depth)) ?? last;
    return this.#firstUntrusted(last, before);
  }

  #firstUntrusted(last: string, before: readonly string[]): string {
    let client = last;
    for (const hop of before.toReversed()) {
      const address = addressOf(hop);
      if (!address || !this.#trusts(client)) break;
      client = address;
    }
    return client;
  }

  #trusts(address: string): boolean {
    const plain = plainAddress(address);
    return this.#ranges.check(plain, versionOf(plain));
  }
}

export const NO_PROXIES = new TrustedProxies([]);
