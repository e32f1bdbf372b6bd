/** What CloudNativePG's instances reach besides the graph: each other, their operator, the Kubernetes API. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { EVERYWHERE } from '../config/network.ts';
import type { Config } from '../config/schema.ts';
import { namespaceOf } from '../constructs/names.ts';
import { type Component, PORTS } from '../graph/model.ts';
import { dnsRule, outsidePeers, podsIn, tcp } from './policy.ts';

/** Port of the instance manager: status for the operator and for the other instances. */
const STATUS_PORT = 8000;
const OPERATOR_NAMESPACE = 'cnpg-system';
/** Clouds serve their metadata there. */
const LINK_LOCAL = { '0.0.0.0/0': '169.254.0.0/16', '::/0': 'fe80::/10' } as const;

export function addCloudNativePgPolicy(scope: Construct, config: Config, component: Component): void {
  const instances = { podSelector: { matchLabels: { ...component.selector } } };
  const operator = podsIn(OPERATOR_NAMESPACE, { 'app.kubernetes.io/name': 'cloudnative-pg' });
  const served = [PORTS.postgres, STATUS_PORT].map(tcp);
  const api = config.egress['kubernetes-api'];
  new k8s.KubeNetworkPolicy(scope, `${component.name}-instances`, {
    metadata: { name: `${component.name}-instances`, namespace: namespaceOf(config, component.zone) },
    spec: {
      podSelector: instances.podSelector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [instances], ports: served },
        { from: [operator], ports: served },
      ],
      egress: [
        // A replica joins by the name of the primary's Service.
        dnsRule(config),
        { to: [instances], ports: served },
        { to: outsidePeers(api), ports: api.ports.map(tcp) },
        // The object store of the WAL archive.
        ...(config.databases.walArchive
          ? [
              {
                to: EVERYWHERE.map((cidr) => ({ ipBlock: { cidr, except: [LINK_LOCAL[cidr]] } })),
                ports: [tcp(443)],
              },
            ]
          : []),
      ],
    },
  });
}
