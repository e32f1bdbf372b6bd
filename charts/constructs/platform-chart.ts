/** The base of every chart, and its props: where it renders, its configuration, its graph. */
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import type { Topology, Zone } from '../graph/model.ts';
import { namespaceOf, platformLabels } from './names.ts';

export interface PlatformChartProps {
  readonly config: Config;
  readonly topology: Topology;
}

/** A chart whose objects carry the platform's labels, explicit names and, for one zone, its namespace. */
export class PlatformChart extends Chart {
  readonly config: Config;
  readonly topology: Topology;

  constructor(scope: Construct, id: string, props: PlatformChartProps, zone?: Zone) {
    super(scope, id, {
      labels: { ...props.config.commonLabels, ...platformLabels(props.config) },
      disableResourceNameHashes: true,
      ...(zone ? { namespace: namespaceOf(props.config, zone) } : {}),
    });
    this.config = props.config;
    this.topology = props.topology;
  }
}
