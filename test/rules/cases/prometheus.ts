import { type CasesOf, growing, still } from './model.ts';

const PROMETHEUS = 'pod="prometheus-assistants-0"';
const prometheusPod = { labels: { pod: 'prometheus-assistants-0' } };
const ALERTMANAGER = 'pod="alertmanager-assistants-0"';
/** A counter that grows twice, 30 minutes apart. */
const twice = '0+0x30 1+0x30 2+0x120';

export const prometheus: CasesOf = {
  Watchdog: {
    fires: {
      at: '1m',
      series: { 'up{job="prometheus"}': still(1), 'up{job="redis"}': still(0) },
      alerts: [{ value: '1' }],
    },
    quiet: { at: '1m', series: { 'up{job="prometheus"}': still(0) } },
  },
  PrometheusConfigRejected: {
    fires: {
      at: '20m',
      series: { [`prometheus_config_last_reload_successful{${PROMETHEUS}}`]: still(0) },
      alerts: [prometheusPod],
    },
    quiet: {
      at: '20m',
      series: { [`prometheus_config_last_reload_successful{${PROMETHEUS}}`]: '0+0x5 1+0x60' },
    },
  },
  PrometheusRulesFail: {
    fires: {
      at: '12m',
      series: { [`prometheus_rule_evaluation_failures_total{${PROMETHEUS}}`]: growing(2) },
      alerts: [{ ...prometheusPod, value: '10' }],
    },
    quiet: { at: '12m', series: { [`prometheus_rule_evaluation_failures_total{${PROMETHEUS}}`]: still(7) } },
  },
  PrometheusRulesLate: {
    fires: {
      at: '25m',
      series: { [`prometheus_rule_group_iterations_missed_total{${PROMETHEUS}}`]: growing(1) },
      alerts: [{ ...prometheusPod, value: '5' }],
    },
    quiet: { at: '25m', series: { [`prometheus_rule_group_iterations_missed_total{${PROMETHEUS}}`]: twice } },
  },
  PrometheusWithoutAlertmanager: {
    fires: {
      at: '10m',
      series: { [`prometheus_notifications_alertmanagers_discovered{${PROMETHEUS}}`]: still(0) },
      alerts: [{ ...prometheusPod, value: '0' }],
    },
    quiet: {
      at: '10m',
      series: { [`prometheus_notifications_alertmanagers_discovered{${PROMETHEUS}}`]: still(1) },
    },
  },
  PrometheusAlertsLost: {
    fires: {
      at: '20m',
      series: { [`prometheus_notifications_dropped_total{${PROMETHEUS}}`]: growing(3) },
      alerts: [{ ...prometheusPod, value: '30' }],
    },
    quiet: { at: '20m', series: { [`prometheus_notifications_dropped_total{${PROMETHEUS}}`]: still(3) } },
  },
  PrometheusStorageFails: {
    fires: {
      at: '180m',
      series: {
        [`prometheus_tsdb_compactions_failed_total{${PROMETHEUS}}`]: growing(1, 200),
        [`prometheus_tsdb_reloads_failures_total{${PROMETHEUS}}`]: still(0, 200),
      },
      alerts: [{ ...prometheusPod, value: '180' }],
    },
    quiet: {
      at: '180m',
      series: {
        [`prometheus_tsdb_compactions_failed_total{${PROMETHEUS}}`]: still(2, 200),
        [`prometheus_tsdb_reloads_failures_total{${PROMETHEUS}}`]: still(0, 200),
      },
    },
  },
  AlertmanagerConfigRejected: {
    fires: {
      at: '20m',
      series: { [`alertmanager_config_last_reload_successful{${ALERTMANAGER}}`]: still(0) },
      alerts: [{ labels: { pod: 'alertmanager-assistants-0' } }],
    },
    quiet: {
      at: '20m',
      series: { [`alertmanager_config_last_reload_successful{${ALERTMANAGER}}`]: still(1) },
    },
  },
  NotificationsFail: {
    fires: {
      at: '25m',
      series: {
        'alertmanager_notifications_failed_total{integration="email"}': growing(1),
        'alertmanager_notifications_total{integration="email"}': growing(4),
      },
      alerts: [{ labels: { integration: 'email' }, value: '25%' }],
    },
    quiet: {
      at: '25m',
      series: {
        'alertmanager_notifications_failed_total{integration="email"}': still(4),
        'alertmanager_notifications_total{integration="email"}': growing(4),
      },
    },
  },
};

export const remoteWrite: CasesOf = {
  RemoteWriteBehind: {
    fires: {
      at: '30m',
      series: {
        [`prometheus_remote_storage_highest_timestamp_in_seconds{${PROMETHEUS}}`]: '0+60x60',
        [`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${PROMETHEUS},url="https://metrics.example.com"}`]:
          '-300+60x60',
      },
      alerts: [{ ...prometheusPod, value: '5m 0s' }],
    },
    quiet: {
      at: '30m',
      series: {
        [`prometheus_remote_storage_highest_timestamp_in_seconds{${PROMETHEUS}}`]: '0+60x60',
        [`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${PROMETHEUS},url="https://metrics.example.com"}`]:
          '-30+60x60',
      },
    },
  },
  RemoteWriteLosesSamples: {
    fires: {
      at: '25m',
      series: { [`prometheus_remote_storage_samples_failed_total{${PROMETHEUS}}`]: growing(10) },
      alerts: [{ ...prometheusPod, value: '150' }],
    },
    quiet: {
      at: '25m',
      series: { [`prometheus_remote_storage_samples_failed_total{${PROMETHEUS}}`]: still(10) },
    },
  },
};
