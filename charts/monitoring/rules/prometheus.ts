/** The monitoring itself: whether it scrapes and notifies. */
import type { Alert, RuleGroup, RuleScope } from './model.ts';

const prometheusAlerts: readonly Alert[] = [
  {
    alert: 'Watchdog',
    severity: 'info',
    expr: 'count(up == 1) > 0',
    summary: 'Alerts are evaluated: this one always fires',
    description:
      'Prometheus sees {{ $value }} targets. Send this alert to a service that calls you when it stops coming.',
  },
  {
    alert: 'PrometheusConfigRejected',
    severity: 'warning',
    for: '10m',
    expr: 'max_over_time(prometheus_config_last_reload_successful[5m]) == 0',
    summary: 'Prometheus does not take its new configuration',
    description: '{{ $labels.pod }} goes on with an old configuration: new targets and rules are not there.',
  },
  {
    alert: 'PrometheusRulesFail',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (pod) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0',
    summary: 'Rules of Prometheus fail',
    description:
      '{{ $value | humanize }} evaluations of rules failed in {{ $labels.pod }} within five minutes.',
  },
  {
    alert: 'PrometheusRulesLate',
    severity: 'warning',
    for: '15m',
    expr: 'sum by (pod) (increase(prometheus_rule_group_iterations_missed_total[5m])) > 0',
    summary: 'Prometheus does not keep up with its rules',
    description:
      '{{ $labels.pod }} left {{ $value | humanize }} rounds of its rules out within five minutes.',
  },
  {
    alert: 'PrometheusWithoutAlertmanager',
    severity: 'critical',
    for: '5m',
    expr: 'max by (pod) (prometheus_notifications_alertmanagers_discovered) < 1',
    summary: 'Prometheus knows no Alertmanager: no alert is sent',
    description: '{{ $labels.pod }} has {{ $value }} Alertmanagers.',
  },
  {
    alert: 'PrometheusAlertsLost',
    severity: 'critical',
    for: '5m',
    expr: 'sum by (pod) (increase(prometheus_notifications_dropped_total[10m])) > 0',
    summary: 'Alerts do not reach the Alertmanager',
    description: '{{ $labels.pod }} dropped {{ $value | humanize }} alerts within ten minutes.',
  },
  {
    alert: 'PrometheusStorageFails',
    severity: 'warning',
    expr: 'sum by (pod) (increase(prometheus_tsdb_compactions_failed_total[3h]) + increase(prometheus_tsdb_reloads_failures_total[3h])) > 0',
    summary: 'Prometheus has trouble with its storage',
    description:
      '{{ $value | humanize }} operations on the storage of {{ $labels.pod }} failed within three hours.',
  },
  {
    alert: 'AlertmanagerConfigRejected',
    severity: 'critical',
    for: '10m',
    expr: 'max_over_time(alertmanager_config_last_reload_successful[5m]) == 0',
    summary: 'Alertmanager does not take its new configuration',
    description: '{{ $labels.pod }} goes on with old routes and receivers.',
  },
  {
    alert: 'NotificationsFail',
    severity: 'critical',
    for: '5m',
    expr: 'sum by (integration) (rate(alertmanager_notifications_failed_total[15m])) / sum by (integration) (rate(alertmanager_notifications_total[15m])) > 0.01',
    summary: 'Alertmanager cannot tell anybody by {{ $labels.integration }}',
    description: '{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }} fail.',
  },
];

const remoteWriteAlerts: readonly Alert[] = [
  {
    alert: 'RemoteWriteBehind',
    severity: 'warning',
    for: '15m',
    expr: 'max by (pod) (prometheus_remote_storage_highest_timestamp_in_seconds) - on (pod) min by (pod) (prometheus_remote_storage_queue_highest_sent_timestamp_seconds) > 120',
    summary: 'Copies of samples are sent too slowly',
    description: '{{ $labels.pod }} is {{ $value | humanizeDuration }} behind with what it copies.',
  },
  {
    alert: 'RemoteWriteLosesSamples',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (pod) (increase(prometheus_remote_storage_samples_failed_total[15m])) > 0',
    summary: 'Copies of samples are refused',
    description:
      '{{ $value | humanize }} samples of {{ $labels.pod }} were refused within 15 minutes; they are not sent again.',
  },
];

/** `remote-write` only when Prometheus sends copies of its samples elsewhere. */
export const prometheusGroups = (scope: RuleScope): readonly RuleGroup[] => [
  { name: 'prometheus', alerts: prometheusAlerts },
  ...(scope.topology.externalEdges.some(({ to }) => to === 'remote-write')
    ? [{ name: 'remote-write', alerts: remoteWriteAlerts }]
    : []),
];
