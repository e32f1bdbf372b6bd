/** The edge's certificate, and the pods that answer its ACME challenges. */
import type { Construct } from 'constructs';
import { AcmeIssuer, Certificate, type Http01Solver } from '../../imports/cert-manager.io.ts';
import type { ParentReference } from '../../imports/gateway.networking.k8s.io.ts';
import { plain } from '../../imports/plain.ts';
import type { Config } from '../config/schema.ts';
import { DEFAULT_DISK } from '../constructs/disk.ts';
import type { PodSpecLike } from '../constructs/footprint.ts';

/** The solver needs no NodePort: ACME reaches it through the edge. */
const SERVICE = { serviceType: 'ClusterIP' } as const;

/** Resources of cert-manager's pod for an ACME challenge, with the namespace's default ephemeral storage. */
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

/** Reference to a listener of the configured Gateway; without a name, to the whole Gateway. */
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

/** Adds the certificate when the configuration asks for ACME. */
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
