/** One Ingress for each access: the interface every controller understands. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import { componentLabels } from '../constructs/names.ts';
import { componentOf } from '../graph/build.ts';
import type { Topology } from '../graph/model.ts';
import type { Access } from './access.ts';

function annotations(config: Config, { middlewares }: Access): Record<string, string> {
  if (config.edge.controller === 'external') return { ...config.edge.annotations };
  return {
    'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
    'traefik.ingress.kubernetes.io/router.tls': 'true',
    'traefik.ingress.kubernetes.io/router.middlewares': middlewares.map((name) => `${name}@file`).join(','),
    ...config.edge.annotations,
  };
}

export function addIngress(scope: Construct, config: Config, topology: Topology, access: Access): void {
  const { name, spec } = access;
  const { hosts, className, tls, tlsSecret } = config.edge;
  const http: k8s.HttpIngressRuleValue = {
    paths: access.paths.map(({ path, type }) => ({
      path,
      pathType: type,
      backend: { service: { name: spec.name, port: { name: 'http' } } },
    })),
  };
  new k8s.KubeIngress(scope, `${name}-ingress`, {
    metadata: {
      name,
      labels: componentLabels(config, componentOf(topology, spec.name)),
      annotations: annotations(config, access),
    },
    spec: {
      ingressClassName: className,
      rules: hosts.length > 0 ? hosts.map((host) => ({ host, http })) : [{ http }],
      ...(tls === 'self-signed' ? {} : { tls: [{ hosts, secretName: tlsSecret }] }),
    },
  });
}
