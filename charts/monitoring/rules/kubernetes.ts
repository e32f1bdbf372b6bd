/** Alerts about pods, workloads and volumes in the platform's namespaces. */
import { KUBE_STATE_METRICS } from '../../graph/model.ts';
import { type Alert, asksKubelets, type RuleGroup, type RuleScope, runs } from './model.ts';

const podAlerts = ({ namespaces }: RuleScope): readonly Alert[] => [
  {
    alert: 'PodNotReady',
    severity: 'warning',
    for: '10m',
    // A finished pod of a Job is not ready either.
    expr: `max by (namespace, pod) (kube_pod_status_ready{${namespaces},condition="false"}) == 1 and on (namespace, pod) (max by (namespace, pod) (kube_pod_status_phase{${namespaces},phase=~"Pending|Running|Unknown"}) == 1)`,
    summary: 'Pod {{ $labels.pod }} is not ready',
    description: '{{ $labels.pod }} in {{ $labels.namespace }} has not been ready for ten minutes.',
  },
  {
    alert: 'PodCrashLoops',
    severity: 'critical',
    for: '5m',
    expr: `max by (namespace, pod, container) (max_over_time(kube_pod_container_status_waiting_reason{${namespaces},reason="CrashLoopBackOff"}[5m])) == 1`,
    summary: 'Container {{ $labels.container }} of {{ $labels.pod }} ends again and again',
    description:
      '{{ $labels.container }} of {{ $labels.pod }} in {{ $labels.namespace }} is restarted ever more slowly.',
  },
  {
    alert: 'ContainerOOMKilled',
    severity: 'warning',
    expr: `(sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total{${namespaces}}[15m])) > 0) and on (namespace, pod, container) (kube_pod_container_status_last_terminated_reason{${namespaces},reason="OOMKilled"} == 1)`,
    summary: 'Container {{ $labels.container }} of {{ $labels.pod }} was killed for its memory',
    description:
      '{{ $labels.container }} of {{ $labels.pod }} needed more memory than its limit, {{ $value | humanize }} times within 15 minutes.',
  },
  {
    alert: 'ImagePullFails',
    severity: 'critical',
    for: '5m',
    expr: `max by (namespace, pod, container) (kube_pod_container_status_waiting_reason{${namespaces},reason=~"ErrImagePull|ImagePullBackOff|InvalidImageName"}) == 1`,
    summary: 'The image of {{ $labels.pod }} cannot be pulled',
    description:
      '{{ $labels.container }} of {{ $labels.pod }} in {{ $labels.namespace }} waits for its image.',
  },
];

const workloadAlerts = ({ namespaces }: RuleScope): readonly Alert[] => [
  {
    alert: 'ReplicasMissing',
    severity: 'warning',
    for: '15m',
    expr: `max by (namespace, deployment) (kube_deployment_spec_replicas{${namespaces}} - kube_deployment_status_replicas_available{${namespaces}}) > 0`,
    summary: '{{ $labels.deployment }} has fewer replicas than it should',
    description:
      '{{ $value }} replicas of {{ $labels.deployment }} in {{ $labels.namespace }} have been missing for 15 minutes.',
  },
  {
    alert: 'RolloutStuck',
    severity: 'critical',
    for: '5m',
    expr: `max by (namespace, deployment) (kube_deployment_status_condition{${namespaces},condition="Progressing",status="false"}) == 1`,
    summary: 'The rollout of {{ $labels.deployment }} does not get on',
    description:
      'New pods of {{ $labels.deployment }} in {{ $labels.namespace }} do not become ready; the old ones serve.',
  },
  {
    alert: 'StorePodsMissing',
    severity: 'critical',
    for: '5m',
    expr: `max by (namespace, statefulset) (kube_statefulset_replicas{${namespaces}} - kube_statefulset_status_replicas_ready{${namespaces}}) > 0`,
    summary: '{{ $labels.statefulset }} has fewer ready pods than it should',
    description: '{{ $value }} pods of {{ $labels.statefulset }} in {{ $labels.namespace }} are not ready.',
  },
  {
    alert: 'VolumeClaimPending',
    severity: 'warning',
    for: '15m',
    expr: `max by (namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_status_phase{${namespaces},phase="Pending"}) == 1`,
    summary: 'The claim {{ $labels.persistentvolumeclaim }} gets no volume',
    description:
      '{{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} has been pending for 15 minutes.',
  },
];

const autoscalerAlert = ({ namespaces }: RuleScope): Alert => ({
  alert: 'AutoscalerAtItsEnd',
  severity: 'warning',
  for: '30m',
  expr: `max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas{${namespaces}} >= kube_horizontalpodautoscaler_spec_max_replicas{${namespaces}})`,
  summary: '{{ $labels.horizontalpodautoscaler }} cannot grow any more',
  description:
    '{{ $labels.horizontalpodautoscaler }} in {{ $labels.namespace }} has been at its maximum of {{ $value }} replicas for half an hour.',
});

const volumeAlerts = ({ namespaces }: RuleScope): readonly Alert[] => {
  const free = `kubelet_volume_stats_available_bytes{${namespaces}} / kubelet_volume_stats_capacity_bytes{${namespaces}}`;
  const byVolume = 'by (namespace, persistentvolumeclaim)';
  return [
    {
      alert: 'VolumeFills',
      severity: 'warning',
      for: '15m',
      expr: `min ${byVolume} (${free}) < 0.15`,
      summary: 'The volume {{ $labels.persistentvolumeclaim }} fills up',
      description:
        '{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are left.',
    },
    {
      alert: 'VolumeAlmostFull',
      severity: 'critical',
      for: '5m',
      expr: `min ${byVolume} (${free}) < 0.03`,
      summary: 'The volume {{ $labels.persistentvolumeclaim }} is almost full',
      description:
        '{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are left.',
    },
    {
      alert: 'VolumeFullSoon',
      severity: 'warning',
      for: '1h',
      expr: `(min ${byVolume} (${free}) < 0.4) and (min ${byVolume} (predict_linear(kubelet_volume_stats_available_bytes{${namespaces}}[6h], 4 * 86400)) < 0)`,
      summary: 'The volume {{ $labels.persistentvolumeclaim }} will be full within four days',
      description:
        '{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are left, and get less quickly.',
    },
    {
      alert: 'VolumeOutOfInodes',
      severity: 'warning',
      for: '15m',
      expr: `min ${byVolume} (kubelet_volume_stats_inodes_free{${namespaces}} / kubelet_volume_stats_inodes{${namespaces}}) < 0.1`,
      summary: 'The volume {{ $labels.persistentvolumeclaim }} has too many files',
      description:
        '{{ $value | humanizePercentage }} of the inodes of {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are left.',
    },
  ];
};

const containerAlerts = ({ namespaces }: RuleScope): readonly Alert[] => [
  {
    alert: 'CpuThrottled',
    severity: 'info',
    for: '15m',
    expr: `sum by (namespace, pod, container) (increase(container_cpu_cfs_throttled_periods_total{${namespaces},container!=""}[5m])) / sum by (namespace, pod, container) (increase(container_cpu_cfs_periods_total{${namespaces},container!=""}[5m])) > 0.5`,
    summary: 'Container {{ $labels.container }} of {{ $labels.pod }} is held back by its CPU limit',
    description:
      '{{ $labels.container }} of {{ $labels.pod }} had to wait in {{ $value | humanizePercentage }} of the periods.',
  },
  {
    alert: 'MemoryNearLimit',
    severity: 'warning',
    for: '15m',
    expr: `max by (namespace, pod, container) (container_memory_working_set_bytes{${namespaces},container!=""} / (container_spec_memory_limit_bytes{${namespaces},container!=""} > 0)) > 0.9`,
    summary: 'Container {{ $labels.container }} of {{ $labels.pod }} is about to be killed for its memory',
    description:
      '{{ $labels.container }} of {{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit.',
  },
];

export function kubernetesGroups(scope: RuleScope): readonly RuleGroup[] {
  const groups: RuleGroup[] = [];
  if (runs(scope, KUBE_STATE_METRICS)) {
    const autoscaler = scope.config.autoscaling.enabled ? [autoscalerAlert(scope)] : [];
    groups.push({ name: 'pods', alerts: podAlerts(scope) });
    groups.push({ name: 'workloads', alerts: [...workloadAlerts(scope), ...autoscaler] });
  }
  if (asksKubelets(scope))
    groups.push({ name: 'containers', alerts: [...volumeAlerts(scope), ...containerAlerts(scope)] });
  return groups;
}
