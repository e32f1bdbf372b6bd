/** The network of the cluster: its CNI, its address families, where names are resolved, what lies outside. */
import { z } from 'zod';
import { cidr, dns1123, port } from './fields.ts';

const IPV4 = '0.0.0.0/0';
const IPV6 = '::/0';
export const EVERYWHERE = [IPV4, IPV6] as const;
/**
 * Public ranges never include these: private, link-local (cloud metadata), carrier-grade NAT and loopback
 * ranges, and IPv6 ranges that lead to IPv4. Kubernetes reads ::ffff:0:0/96 as an IPv4 range and refuses it
 * here; packets to such addresses never leave a node.
 */
export const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  [IPV4]: ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  [IPV6]: ['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', 'fc00::/7', 'fe80::/10'],
};
export const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'] as const;

export const podsSchema = z.array(
  z.strictObject({ namespace: dns1123, labels: z.record(z.string(), z.string()) }),
);

/** A destination outside the platform: ranges, pods by their labels, or both. */
export const external = (cidrs: readonly string[], ports: readonly number[]) =>
  z
    .strictObject({
      /** Reachable ranges. `0.0.0.0/0` and `::/0` never include private and metadata ranges. */
      cidrs: z.array(cidr).default([...cidrs]),
      /** Reachable pods of the cluster, by namespace and labels. */
      pods: podsSchema.default([]),
      ports: z.array(port).default([...ports]),
    })
    .prefault({});

/** Where names are resolved. Ports are those of the pods: 53, but 5353 on OpenShift. */
export const dns = z
  .strictObject({
    /** Pods of the DNS servers, by namespace and labels. */
    pods: podsSchema.default([{ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }]),
    /** Addresses of DNS servers that are no pods, such as 169.254.20.10/32 of NodeLocal DNSCache. */
    cidrs: z.array(cidr).default([]),
    ports: z.array(port).min(1).default([53]),
  })
  .prefault({});

export const network = {
  /** Network plug-in, where its NetworkPolicies need help. `cilium`: ranges never match its nodes and API server. */
  cni: z.enum(['standard', 'cilium']).default('standard'),
  /** Address families of Services, the first one first, and with IPv6 of what listens. @default the cluster's own */
  ipFamilies: z
    .array(z.enum(['IPv4', 'IPv6']))
    .max(2)
    .default([]),
  /** What a Service does on a cluster with another number of families. @default the cluster's own */
  ipFamilyPolicy: z.enum(['SingleStack', 'PreferDualStack', 'RequireDualStack']).optional(),
};

/** Address for programs that listen on only one. `::` accepts IPv4 too, but does not exist without IPv6. */
export const listenAddress = ({ ipFamilies }: { readonly ipFamilies: readonly string[] }): string =>
  ipFamilies.includes('IPv6') ? '::' : '0.0.0.0';
