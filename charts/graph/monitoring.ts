/** The monitoring's part of the graph: what runs, and that Prometheus reaches every port with metrics. */
import {
  ALERTMANAGER,
  type Component,
  type Edge,
  type ExternalEdge,
  GRAFANA,
  KUBE_STATE_METRICS,
  labelOf,
  NODE_EXPORTER,
  PORTS,
  PROMETHEUS,
} from './model.ts';

export interface MonitoringParts {
  /** @default true */
  readonly nodeExporter?: boolean;
  /** @default true */
  readonly kubeStateMetrics?: boolean;
  /** @default true */
  readonly grafana?: boolean;
  /** Prometheus scrapes the kubelets. @default true */
  readonly kubelet?: boolean;
  /** Prometheus sends copies of its samples elsewhere. @default false */
  readonly remoteWrite?: boolean;
  /** Alertmanager calls a webhook. @default false */
  readonly webhook?: boolean;
  /** Alertmanager sends mail. @default false */
  readonly email?: boolean;
}

/** Name of the Prometheus and Alertmanager resources; the operator puts the kind before it to name their workloads. */
export const MANAGED_NAME = 'assistants';

/** Claim of the operator's first pod: the template's name, then the pod's. */
export const managedClaimOf = (kind: string): string =>
  `${kind}-${MANAGED_NAME}-db-${kind}-${MANAGED_NAME}-0`;

const base = { kind: 'monitor', zone: 'monitoring', network: 'monitoring', presence: 'always' } as const;

const prometheus: Component = {
  ...base,
  name: PROMETHEUS,
  title: 'Prometheus',
  ports: [{ name: 'web', number: PORTS.prometheus }],
  metricsPort: 'web',
  workload: `prometheus-${MANAGED_NAME}`,
  selector: labelOf(PROMETHEUS),
};

const alertmanager: Component = {
  ...base,
  name: ALERTMANAGER,
  title: 'Alertmanager',
  ports: [{ name: 'web', number: PORTS.alertmanager }],
  metricsPort: 'web',
  workload: `alertmanager-${MANAGED_NAME}`,
  selector: labelOf(ALERTMANAGER),
};

const nodeExporter: Component = {
  ...base,
  name: NODE_EXPORTER,
  title: 'Metrics of the nodes',
  zone: 'node-agents',
  ports: [{ name: 'metrics', number: PORTS.nodeExporter }],
  metricsPort: 'metrics',
  selector: labelOf(NODE_EXPORTER),
};

const kubeStateMetrics: Component = {
  ...base,
  name: KUBE_STATE_METRICS,
  title: 'Metrics of Kubernetes objects',
  ports: [{ name: 'metrics', number: PORTS.kubeStateMetrics }],
  metricsPort: 'metrics',
  honorLabels: true,
  selector: labelOf(KUBE_STATE_METRICS),
};

const grafana: Component = {
  ...base,
  name: GRAFANA,
  title: 'Grafana',
  ports: [{ name: 'http', number: PORTS.grafana }],
  metricsPort: 'http',
  selector: labelOf(GRAFANA),
};

export const monitoringComponents = (parts: MonitoringParts): readonly Component[] => [
  prometheus,
  alertmanager,
  ...(parts.nodeExporter === false ? [] : [nodeExporter]),
  ...(parts.kubeStateMetrics === false ? [] : [kubeStateMetrics]),
  ...(parts.grafana === false ? [] : [grafana]),
];

/** Prometheus scrapes every port with metrics, its own too, and calls Alertmanager. Grafana calls it. */
export const monitoringEdges = (components: readonly Component[]): readonly Edge[] =>
  components.flatMap(({ name, metricsPort }) => [
    ...(metricsPort === undefined ? [] : [{ from: PROMETHEUS, to: name, port: metricsPort }]),
    ...(name === GRAFANA ? [{ from: GRAFANA, to: PROMETHEUS, port: 'web' }] : []),
  ]);

export const monitoringExternals = (parts: MonitoringParts): readonly ExternalEdge[] => [
  // Prometheus discovers its targets through the API server.
  { from: PROMETHEUS, to: 'kubernetes-api' },
  ...(parts.kubelet === false ? [] : [{ from: PROMETHEUS, to: 'kubelet' } as const]),
  ...(parts.remoteWrite ? [{ from: PROMETHEUS, to: 'remote-write' } as const] : []),
  ...(parts.webhook ? [{ from: ALERTMANAGER, to: 'webhook' } as const] : []),
  ...(parts.email ? [{ from: ALERTMANAGER, to: 'smtp' } as const] : []),
  ...(parts.kubeStateMetrics === false ? [] : [{ from: KUBE_STATE_METRICS, to: 'kubernetes-api' } as const]),
];
