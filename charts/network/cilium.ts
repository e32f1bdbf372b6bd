/**
 * Policies for Cilium. Its CIDR rules match neither nodes nor the API server, which have identities there. Each
 * component that needs one of them gets a CiliumNetworkPolicy by identity beside its NetworkPolicy.
 */
import type { Construct } from 'constructs';
import { CiliumNetworkPolicy } from '../../imports/cilium.io.ts';
import type { Config } from '../config/schema.ts';
import { metadataOf } from '../constructs/names.ts';
import type { Component, External, Topology } from '../graph/model.ts';

const ENTITIES: Readonly<Partial<Record<External, readonly string[]>>> = {
  'kubernetes-api': ['kube-apiserver'],
  kubelet: ['host', 'remote-node'],
};

/** Purposes of a component that have a Cilium identity; CloudNativePG instances call the API server too. */
function purposesOf(
  config: Config,
  { externalEdges }: Topology,
  { name, kind }: Component,
): readonly External[] {
  const managed = kind === 'postgres' && config.databases.engine === 'cloudnative-pg';
  const named = externalEdges.filter(({ from, to }) => from === name && to in ENTITIES).map(({ to }) => to);
  return managed ? [...named, 'kubernetes-api'] : named;
}

export function addCiliumPolicy(
  scope: Construct,
  config: Config,
  topology: Topology,
  component: Component,
): void {
  const purposes = purposesOf(config, topology, component);
  if (purposes.length === 0) return;
  const name = `${component.name}-cilium`;
  new CiliumNetworkPolicy(scope, name, {
    metadata: { ...metadataOf(config, component), name },
    endpointSelector: { matchLabels: component.selector },
    egress: purposes.map((purpose) => ({
      toEntities: ENTITIES[purpose] ?? [],
      toPorts: [
        { ports: config.egress[purpose].ports.map((port) => ({ port: String(port), protocol: 'TCP' })) },
      ],
    })),
  });
}
