/** What CloudNativePG's instances reach besides the graph: each other, their operator, the Kubernetes API. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { EVERYWHERE } from '../config/network.ts';
import type { Config } from '../config/schema.ts';
import { namespaceOf } from '../constructs/names.ts';
import { type Component, PORTS } from '../graph/model.ts';
import { dnsRule, outsidePeers } from './policy.ts';

/** Port of the instance manager: status for the operator and for the other instances. */
const STATUS_PORT = 8000;
const OPERATOR_NAMESPACE = 'cnpg-system';
/** Clouds serve their metadata there. */
const LINK_LOCAL = { '0.0.0.0/0': '169.254.0.0/16', '::/0': 'fe80::/10' } as const;

const ports = (...numbers: readonly number[]): k8s.NetworkPolicyPort[] =>
  numbers.map((port) => ({ protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) }));

export function addCloudNativePgPolicy(scope: Construct, config: Config, component: Component): void {
  const instances = { podSelector: { matchLabels: { ...component.selector } } };
  const operator = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': OPERATOR_NAMESPACE } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cloudnative-pg' } },
  };
  const api = config.egress['kubernetes-api'];
  new k8s.KubeNetworkPolicy(scope, `${component.name}-instances`, {
    metadata: { name: `${component.name}-instances`, namespace: namespaceOf(config, component.zone) },
    spec: {
      podSelector: instances.podSelector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [instances], ports: ports(PORTS.postgres, STATUS_PORT) },
        { from: [operator], ports: ports(PORTS.postgres, STATUS_PORT) },
      ],
      egress: [
        // A replica joins by the name of the primary's Service.
        dnsRule(config),
        { to: [instances], ports: ports(PORTS.postgres, STATUS_PORT) },
        { to: outsidePeers(api), ports: ports(...api.ports) },
        // The object store of the WAL archive.
        ...(config.databases.walArchive
          ? [
              {
                to: EVERYWHERE.map((cidr) => ({ ipBlock: { cidr, except: [LINK_LOCAL[cidr]] } })),
                ports: ports(443),
              },
            ]
          : []),
      ],
    },
  });
}
