/** One chart for each service, and so one manifest. */
import type { Construct } from 'constructs';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { componentOf } from '../graph/build.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { AssistantService } from './service.ts';

export interface ServiceChartProps extends PlatformChartProps {
  readonly spec: ServiceSpec;
}

export class ServiceChart extends PlatformChart {
  constructor(scope: Construct, id: string, props: ServiceChartProps) {
    super(scope, id, props, 'app');
    const { config, topology, spec } = props;
    new AssistantService(this, spec.name, {
      config,
      topology,
      spec,
      component: componentOf(topology, spec.name),
    });
  }
}
