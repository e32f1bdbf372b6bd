/** Monitoring: Prometheus, Alertmanager, the exporters that have pods of their own, and what is scraped. */
import type { Construct } from 'constructs';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { addAlertmanager } from './alertmanager.ts';
import { addGrafana } from './grafana.ts';
import { addKubeStateMetrics } from './kube-state-metrics.ts';
import { addNodeExporter } from './node-exporter.ts';
import { addPrometheus } from './prometheus.ts';
import { addTargets } from './targets.ts';

export class Monitoring extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'monitoring');
    const { monitoring } = props.config;
    addPrometheus(this, props);
    addAlertmanager(this, props);
    if (monitoring.nodeExporter.enabled) addNodeExporter(this, props);
    if (monitoring.kubeStateMetrics.enabled) addKubeStateMetrics(this, props);
    addTargets(this, props);
  }
}

/** Dashboards are long, so they have a file of their own. */
export class Dashboards extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'monitoring');
    addGrafana(this, props);
  }
}
