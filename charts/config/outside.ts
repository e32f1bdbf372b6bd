/** How programs reach what lies outside: whom they trust, and through which proxy. */
import { z } from 'zod';
import { address, dns1123 } from './fields.ts';

export const outside = {
  /** Authorities that programs trust when they call out, as PEM: the company's own, and the public ones they still need. */
  trust: z
    .strictObject({
      /** ConfigMap with the bundle, in each namespace of the platform, as trust-manager makes it. @default none */
      configMap: dns1123.exactOptional(),
      /** Secret with the bundle, in its place. @default none */
      secret: dns1123.exactOptional(),
      /** Key of the bundle. */
      key: z
        .string()
        .regex(/^[-._a-zA-Z0-9]+$/, 'a key such as ca.crt')
        .default('ca.crt'),
    })
    .prefault({}),
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
