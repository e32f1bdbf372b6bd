import { type CasesOf, ofJobs, still } from './model.ts';

const SERVICES = [
  'api-gateway',
  'ai-assistant',
  'onec-integration',
  'user-management',
  'analytics',
  'security',
];
const MONITORS = ['prometheus', 'alertmanager', 'node-exporter', 'grafana', 'kube-state-metrics'];

export const components: CasesOf = {
  ServiceDown: {
    // A service is up when one pod answers. Without any series it has no pod, so it is down.
    fires: {
      at: '5m',
      series: ofJobs('up', SERVICES, still(1), { security: still(0), analytics: '' }),
      alerts: [
        { labels: { job: 'security', kind: 'service', service: 'security' } },
        { labels: { job: 'analytics', kind: 'service', service: 'analytics' } },
      ],
    },
    quiet: {
      at: '5m',
      series: { ...ofJobs('up', SERVICES, still(1)), 'up{job="security",pod="second"}': still(0) },
    },
  },
  EdgeDown: {
    fires: {
      at: '5m',
      series: ofJobs('up', ['traefik'], still(0)),
      alerts: [{ labels: { job: 'traefik', kind: 'edge' } }],
    },
    quiet: { at: '5m', series: ofJobs('up', ['traefik'], '0+0x1 1+0x10') },
  },
  MonitoringPartDown: {
    fires: {
      at: '10m',
      series: ofJobs('up', MONITORS, still(1), { 'kube-state-metrics': '' }),
      alerts: [{ labels: { job: 'kube-state-metrics', kind: 'monitor' } }],
    },
    quiet: { at: '10m', series: ofJobs('up', MONITORS, still(1)) },
  },
  TargetDown: {
    fires: {
      at: '10m',
      series: { 'up{job="security",pod="security-1",namespace="assistants"}': still(0) },
      alerts: [{ labels: { job: 'security', pod: 'security-1', namespace: 'assistants' } }],
    },
    quiet: {
      at: '10m',
      series: { 'up{job="security",pod="security-1",namespace="assistants"}': '0+0x3 1+0x20' },
    },
  },
  FileDescriptorsNearLimit: {
    fires: {
      at: '15m',
      series: {
        'process_open_fds{job="security",pod="security-1"}': still(900),
        'process_max_fds{job="security",pod="security-1"}': still(1000),
      },
      alerts: [{ labels: { job: 'security', pod: 'security-1' }, value: '90%' }],
    },
    quiet: {
      at: '15m',
      series: {
        'process_open_fds{job="security",pod="security-1"}': still(700),
        'process_max_fds{job="security",pod="security-1"}': still(1000),
      },
    },
  },
};
