/** How programs reach what lies outside: whom they trust, and through which proxy. */
import { z } from 'zod';
import { address, bundle } from './fields.ts';

export const outside = {
  /** Authorities that programs trust when they call out, as PEM: the company's own, and the public ones they still need. */
  trust: bundle.prefault({}),
  /** The way out for HTTP and HTTPS; policies then open the way to `egress.proxy` alone. Mail and 1C do not go through it. */
  proxy: z
    .strictObject({
      /** Empty: none. */
      httpProxy: address,
      /** Empty: none. */
      httpsProxy: address,
      /** Hosts and IPv4 ranges besides the cluster's own that are reached without it. */
      noProxy: z.array(z.string().regex(/^[^\s,]+$/, 'a host, a domain or a range')).default([]),
    })
    .prefault({}),
};

/** Purposes whose traffic is HTTP, and so uses the proxy when there is one. */
export const BY_HTTP: readonly string[] = ['model-providers', 'identity-provider', 'webhook', 'remote-write'];

interface Proxied {
  readonly proxy: z.output<typeof outside.proxy>;
}

/** Whether HTTP leaves the cluster through a proxy. */
export const hasProxy = ({ proxy }: Proxied): boolean => proxy.httpProxy !== '' || proxy.httpsProxy !== '';
