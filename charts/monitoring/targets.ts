/** What Prometheus scrapes: every component of the graph that has metrics, and the kubelets. */
import type { Construct } from 'constructs';
import { PodMonitor, type Relabeling, ServiceMonitor } from '../../imports/monitoring.coreos.com.ts';
import type { Config } from '../config/schema.ts';
import { componentLabels, namespaceOf, zonesOf } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { componentOf } from '../graph/build.ts';
import { PROMETHEUS } from '../graph/model.ts';
import { KUBELET_NAMESPACE } from './prometheus.ts';

/** Kubelet metrics that Prometheus keeps, of thousands: containers by use and limit, volumes by size. */
export const KUBELET_METRICS = {
  '/metrics/cadvisor': [
    'container_cpu_usage_seconds_total',
    'container_cpu_cfs_periods_total',
    'container_cpu_cfs_throttled_periods_total',
    'container_memory_working_set_bytes',
    'container_oom_events_total',
    'container_network_receive_bytes_total',
    'container_network_transmit_bytes_total',
    'container_spec_memory_limit_bytes',
  ],
  '/metrics': [
    'kubelet_volume_stats_available_bytes',
    'kubelet_volume_stats_capacity_bytes',
    'kubelet_volume_stats_inodes',
    'kubelet_volume_stats_inodes_free',
  ],
} as const;

/** Drops metrics of language runtimes and creation times of counters: a third of all series. */
const NOT_SCRAPED: Relabeling = {
  sourceLabels: ['__name__'],
  regex: '(go|promhttp|python_gc)_.+|.+_created',
  action: 'drop',
};

export function addTargets(scope: Construct, { config, topology }: PlatformChartProps): void {
  const timing = { interval: `${config.monitoring.scrapeSeconds}s`, scrapeTimeout: '10s' };
  for (const component of topology.components) {
    if (!component.metricsPort) continue;
    new PodMonitor(scope, `${component.name}-target`, {
      metadata: { name: component.name, labels: componentLabels(config, component) },
      selector: component.selector,
      namespaces: [namespaceOf(config, component.zone)],
      endpoint: {
        port: component.metricsPort,
        path: '/metrics',
        ...timing,
        metricRelabelings: [NOT_SCRAPED],
        ...(component.honorLabels ? { honorLabels: true } : {}),
      },
    });
  }
  if (!config.monitoring.kubelet.enabled) return;
  const endpoint = {
    port: 'https-metrics',
    scheme: 'https',
    ...timing,
    bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    // Kubelets sign their own certificates unless the cluster's owner changed that.
    tlsConfig: { insecureSkipVerify: true },
    honorLabels: true,
    // Otherwise a deleted container keeps its last value for five minutes.
    honorTimestamps: false,
    relabelings: [{ sourceLabels: ['__metrics_path__'], targetLabel: 'metrics_path' }],
  } as const;
  new ServiceMonitor(scope, 'kubelet-target', {
    metadata: { name: 'kubelet', labels: componentLabels(config, componentOf(topology, PROMETHEUS)) },
    jobLabel: 'k8s-app',
    selector: { 'app.kubernetes.io/managed-by': 'prometheus-operator', 'app.kubernetes.io/name': 'kubelet' },
    namespaces: [KUBELET_NAMESPACE],
    endpoints: Object.entries(KUBELET_METRICS).map(([path, names]) => ({
      ...endpoint,
      path,
      metricRelabelings: ours(config, names),
    })),
  });
}

/** Keeps series of the platform's namespaces: nodes of a shared cluster run other pods too. */
const ours = (config: Config, names: readonly string[]): readonly Relabeling[] => [
  { sourceLabels: ['__name__'], regex: names.join('|'), action: 'keep' },
  {
    sourceLabels: ['namespace'],
    regex: zonesOf(config)
      .map((zone) => namespaceOf(config, zone))
      .join('|'),
    action: 'keep',
  },
];
