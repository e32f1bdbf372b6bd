/** Scrape targets: one PodMonitor for each component that has metrics. Prometheus itself has its place in the graph. */
import type { Construct } from 'constructs';
import { PodMonitor } from '../../imports/monitoring.coreos.com.ts';
import { componentLabels, namespaceOf } from '../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/scope.ts';

export class Monitoring extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'monitoring');
    for (const component of props.topology.components) {
      if (!component.metricsPort) continue;
      new PodMonitor(this, component.name, {
        metadata: { name: component.name, labels: componentLabels(props.config, component) },
        selector: component.selector,
        namespaces: [namespaceOf(props.config, component.zone)],
        endpoint: { port: component.metricsPort, path: '/metrics', interval: '30s', scrapeTimeout: '10s' },
      });
    }
  }
}
