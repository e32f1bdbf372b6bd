/** Which metrics exist: as the end-to-end cluster's targets declare them, and what only documentation says. */
import { readFileSync } from 'node:fs';
import { root } from '../support/objects.ts';

export const TABLE = root('test/monitoring/exported.json');

/** By job; the PostgreSQL exporters are one. Written by `npm run metrics`, compared with the cluster by test/e2e. */
export const exported = (): Readonly<Record<string, readonly string[]>> =>
  JSON.parse(readFileSync(TABLE, 'utf8'));

/** Metrics of parts that do not run, or have no samples, on the end-to-end cluster; from the named documents. */
export const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  // github.com/kubernetes/kube-state-metrics, docs/metrics
  'kube-state-metrics': [
    'kube_cronjob_status_last_successful_time',
    'kube_job_status_completion_time',
    'kube_job_status_failed',
    'kube_job_status_start_time',
    'kube_pod_container_status_restarts_total',
    'kube_pod_status_phase',
    'kube_pod_status_ready',
    'kube_resourcequota',
  ],
  // kubernetes.io/docs/reference/instrumentation/metrics: kind's volumes are host paths, which have none.
  kubelet: ['kubelet_volume_stats_available_bytes', 'kubelet_volume_stats_capacity_bytes'],
  // doc.traefik.io/traefik/observability/metrics: dev's certificate is the controller's own, which has none.
  traefik: ['traefik_tls_certs_not_after'],
  // prometheus.io/docs/prometheus/latest/configuration/alerting_rules: there as long as an alert is.
  prometheus: ['ALERTS'],
};

export const knownMetrics = (): ReadonlySet<string> =>
  new Set([...Object.values(exported()), ...Object.values(DOCUMENTED)].flat());
