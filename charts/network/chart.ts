/** All NetworkPolicies. */
import type { Construct } from 'constructs';
import { namespaceOf, zonesOf } from '../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { addCiliumPolicy } from './cilium.ts';
import { addCloudNativePgPolicy } from './cloudnative-pg.ts';
import { addComponentPolicy, addDefaultDeny } from './policy.ts';

export class NetworkPolicies extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props);
    const { config, topology } = props;
    for (const zone of zonesOf(config)) addDefaultDeny(this, namespaceOf(config, zone));
    for (const component of topology.components) addComponentPolicy(this, config, topology, component);
    if (config.cni === 'cilium')
      for (const component of topology.components) addCiliumPolicy(this, config, topology, component);
    if (config.databases.engine === 'cloudnative-pg')
      for (const component of topology.components)
        if (component.kind === 'postgres') addCloudNativePgPolicy(this, config, component);
  }
}
