/** One Ingress a route: the interface every controller understands. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import { componentLabels } from '../constructs/names.ts';
import { componentOf } from '../graph/build.ts';
import type { ServiceSpec, Topology } from '../graph/model.ts';
import { middlewaresOf } from './dynamic.ts';

function annotations(config: Config, spec: ServiceSpec): Record<string, string> {
  if (config.edge.controller === 'external') return { ...config.edge.annotations };
  return {
    'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
    'traefik.ingress.kubernetes.io/router.tls': 'true',
    'traefik.ingress.kubernetes.io/router.middlewares': middlewaresOf(spec)
      .map((name) => `${name}@file`)
      .join(','),
    ...config.edge.annotations,
  };
}

export function addIngress(scope: Construct, config: Config, topology: Topology, spec: ServiceSpec): void {
  if (!spec.route) return;
  const { hosts, className, tls, tlsSecret } = config.edge;
  const http: k8s.HttpIngressRuleValue = {
    paths: [
      {
        path: spec.route.path,
        pathType: 'Prefix',
        backend: { service: { name: spec.name, port: { name: 'http' } } },
      },
    ],
  };
  new k8s.KubeIngress(scope, `${spec.name}-ingress`, {
    metadata: {
      name: spec.name,
      labels: componentLabels(config, componentOf(topology, spec.name)),
      annotations: annotations(config, spec),
    },
    spec: {
      ingressClassName: className,
      rules: hosts.length > 0 ? hosts.map((host) => ({ host, http })) : [{ http }],
      ...(tls === 'self-signed' ? {} : { tls: [{ hosts, secretName: tlsSecret }] }),
    },
  });
}
