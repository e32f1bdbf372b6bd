/** Routes of the Gateway API: one HTTPRoute for each access, attached to a Gateway of the cluster. */
import type { Construct } from 'constructs';
import { HttpRoute, type HttpRouteRule, ReferenceGrant } from '../../imports/gateway.networking.k8s.io.ts';
import type { Config } from '../config/schema.ts';
import { componentLabels, platformLabels } from '../constructs/names.ts';
import { componentOf } from '../graph/build.ts';
import type { Topology } from '../graph/model.ts';
import { type Access, accessTo } from './access.ts';
import { gatewayListener } from './certificate.ts';

const prefix = (value: string): Pick<HttpRouteRule, 'matches'> => ({
  matches: [{ path: { type: 'PathPrefix', value } }],
});

const hostnames = ({ edge: { hosts } }: Config) => (hosts.length > 0 ? { hostnames: hosts } : {});

const matching = ({ paths }: Access): Pick<HttpRouteRule, 'matches'> => ({
  matches: paths.map(({ path: value, type }) => ({
    path: { type: type === 'Prefix' ? 'PathPrefix' : type, value },
  })),
});

function addRoute(scope: Construct, config: Config, topology: Topology, access: Access): void {
  const { name, spec } = access;
  new HttpRoute(scope, `${name}-route`, {
    metadata: {
      name,
      labels: componentLabels(config, componentOf(topology, spec.name)),
      annotations: { ...config.edge.annotations },
    },
    spec: {
      parentRefs: gatewayListener(config, config.edge.gateway?.httpsListener),
      ...hostnames(config),
      rules: [{ ...matching(access), backendRefs: [{ name: spec.name, port: spec.port }] }],
    },
  });
}

/** Redirects HTTP to HTTPS. ACME challenges have routes with longer paths, which win. */
function addRedirect(scope: Construct, config: Config): void {
  const { gateway, httpsPort } = config.edge;
  if (!gateway?.httpListener) return;
  new HttpRoute(scope, 'redirect-route', {
    metadata: { name: 'https-redirect', labels: platformLabels(config) },
    spec: {
      parentRefs: gatewayListener(config, gateway.httpListener),
      ...hostnames(config),
      rules: [
        {
          ...prefix('/'),
          filters: [
            {
              type: 'RequestRedirect',
              // Without a port, the redirect uses the scheme's own.
              requestRedirect: {
                scheme: 'https',
                ...(httpsPort === 443 ? {} : { port: httpsPort }),
                statusCode: 301,
              },
            },
          ],
        },
      ],
    },
  });
}

/** Lets the Gateway's listener use the Secret of the platform's certificate, where there is one. */
function addGrant(scope: Construct, config: Config): void {
  const { gateway, tls, tlsSecret } = config.edge;
  if (!gateway || tls === 'self-signed') return;
  new ReferenceGrant(scope, 'certificate-grant', {
    metadata: { name: 'edge-certificate', labels: platformLabels(config) },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: gateway.namespace }],
      to: [{ group: '', kind: 'Secret', name: tlsSecret }],
    },
  });
}

export function addHttpRoutes(scope: Construct, config: Config, topology: Topology): void {
  for (const access of topology.services.flatMap(accessTo)) addRoute(scope, config, topology, access);
  addRedirect(scope, config);
  addGrant(scope, config);
}
