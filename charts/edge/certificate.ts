/** The certificate of the edge, and what answers for it. */
import type { Construct } from 'constructs';
import { AcmeIssuer, Certificate, type Http01Solver } from '../../imports/cert-manager.io.ts';
import type { ParentReference } from '../../imports/gateway.networking.k8s.io.ts';
import { plain } from '../../imports/plain.ts';
import type { Config } from '../config/schema.ts';
import { DEFAULT_DISK } from '../constructs/disk.ts';
import type { PodSpecLike } from '../constructs/footprint.ts';

/** Kept out of the Node ports: it is asked through the edge only. */
const SERVICE = { serviceType: 'ClusterIP' } as const;

/** A pod that answers an ACME challenge, as cert-manager makes it, with the disk a namespace gives by default. */
export const solverPod: PodSpecLike = {
  containers: [
    {
      resources: {
        requests: { cpu: '10m', memory: '64Mi', ...(plain(DEFAULT_DISK.requests) as Record<string, string>) },
        limits: { cpu: '100m', memory: '64Mi', ...(plain(DEFAULT_DISK.limits) as Record<string, string>) },
      },
    },
  ],
};

/** A listener of the configured Gateway; of the whole of it when the listener has no name. */
export function gatewayListener({ edge: { gateway } }: Config, sectionName?: string): ParentReference[] {
  if (!gateway) return [];
  const { name, namespace } = gateway;
  return [{ name, namespace, ...(sectionName === undefined ? {} : { sectionName }) }];
}

const solverOf = (config: Config): Http01Solver =>
  config.edge.controller === 'gateway'
    ? {
        gatewayHTTPRoute: {
          parentRefs: gatewayListener(config, config.edge.gateway?.httpListener),
          ...SERVICE,
        },
      }
    : { ingress: { ingressClassName: config.edge.className, ...SERVICE } };

/** By ACME, when the configuration says so. */
export function addCertificate(scope: Construct, config: Config): void {
  const { tls, acme, hosts, tlsSecret } = config.edge;
  if (tls !== 'acme') return;
  new AcmeIssuer(scope, 'issuer', {
    metadata: { name: 'letsencrypt' },
    server: acme.server,
    email: acme.email,
    accountKeySecret: 'letsencrypt-account',
    http01: solverOf(config),
  });
  new Certificate(scope, 'certificate', {
    metadata: { name: 'edge' },
    secretName: tlsSecret,
    dnsNames: hosts,
    issuer: 'letsencrypt',
  });
}
