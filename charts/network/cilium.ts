/**
 * Policies for Cilium. Its CIDR rules match neither nodes nor the API server, which have identities there. Each
 * component that needs one of them, or DNS of its node, gets a CiliumNetworkPolicy by identity beside its NetworkPolicy.
 */
import type { Construct } from 'constructs';
import { CiliumNetworkPolicy, type CiliumNetworkPolicyProps } from '../../imports/cilium.io.ts';
import type { Config } from '../config/schema.ts';
import { metadataOf } from '../constructs/names.ts';
import type { Component, External, Topology } from '../graph/model.ts';
import { egressRules } from './policy.ts';

const ENTITIES: Readonly<Partial<Record<External, readonly string[]>>> = {
  'kubernetes-api': ['kube-apiserver'],
  kubelet: ['host', 'remote-node'],
};

type Rule = CiliumNetworkPolicyProps['egress'][number];

const rule = (
  toEntities: readonly string[],
  ports: readonly number[],
  protocols: readonly string[] = ['TCP'],
): Rule => ({
  toEntities,
  toPorts: [
    { ports: ports.flatMap((port) => protocols.map((protocol) => ({ port: String(port), protocol }))) },
  ],
});

function rulesOf(config: Config, topology: Topology, component: Component): readonly Rule[] {
  // Instances of CloudNativePG call the API server, and each other by name.
  const managed = component.kind === 'postgres' && config.databases.engine === 'cloudnative-pg';
  const purposes: readonly External[] = [
    ...topology.externalEdges.filter(({ from }) => from === component.name).map(({ to }) => to),
    ...(managed ? (['kubernetes-api'] as const) : []),
  ];
  const { cidrs, ports } = config.egress.dns;
  const asksNode = cidrs.length > 0 && (managed || egressRules(config, topology, component).length > 0);
  return [
    ...purposes.flatMap((to) => (ENTITIES[to] ? [rule(ENTITIES[to], config.egress[to].ports)] : [])),
    // A cache at an address of the node, such as NodeLocal DNSCache, is the host to Cilium.
    ...(asksNode ? [rule(['host'], ports, ['UDP', 'TCP'])] : []),
  ];
}

export function addCiliumPolicy(
  scope: Construct,
  config: Config,
  topology: Topology,
  component: Component,
): void {
  const egress = rulesOf(config, topology, component);
  if (egress.length === 0) return;
  const name = `${component.name}-cilium`;
  new CiliumNetworkPolicy(scope, name, {
    metadata: { ...metadataOf(config, component), name },
    endpointSelector: { matchLabels: component.selector },
    egress,
  });
}
