/** The first page: whether everything is up, and the four golden signals of every service. */
import type { ServiceSpec } from '../../graph/model.ts';
import type { DashboardContext, DashboardSpec, PanelSpec } from './model.ts';

/** Leaves out probes and scrapes, which no user sends. */
export const SERVED = 'route!~"/live|/health|/metrics"';

const service = ({ name, title }: ServiceSpec) => {
  const requests = `http_requests_total{job="${name}",${SERVED}}`;
  const latency = (quantile: number) =>
    `histogram_quantile(${quantile}, sum by (le) (rate(http_request_duration_seconds_bucket{job="${name}",${SERVED}}[$__rate_interval])))`;
  const panels: readonly PanelSpec[] = [
    {
      title: `${title}: requests and errors`,
      unit: 'reqps',
      queries: [{ expr: `sum by (status) (rate(${requests}[$__rate_interval]))`, legend: '{{status}}' }],
    },
    {
      title: `${title}: time to answer`,
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((quantile) => ({
        expr: latency(quantile),
        legend: `${quantile * 100} %`,
      })),
    },
    {
      title: `${title}: CPU and throttling`,
      description:
        'Cores in use, and the part of periods in which a container had to wait for its CPU limit.',
      queries: [
        {
          expr: `sum(rate(container_cpu_usage_seconds_total{container="${name}"}[$__rate_interval]))`,
          legend: 'cores',
        },
        {
          expr: `sum(rate(container_cpu_cfs_throttled_periods_total{container="${name}"}[$__rate_interval])) / sum(rate(container_cpu_cfs_periods_total{container="${name}"}[$__rate_interval]))`,
          legend: 'throttled',
        },
      ],
    },
  ];
  return { title, panels };
};

export function overview({ topology }: DashboardContext): DashboardSpec {
  const scraped = topology.components.filter(({ metricsPort }) => metricsPort);
  const availability = `sum(rate(http_requests_total{${SERVED},status!~"5.."}[$__range])) / sum(rate(http_requests_total{${SERVED}}[$__range]))`;
  return {
    uid: 'assistants-overview',
    title: 'Overview',
    folder: 'Platform',
    rows: [
      {
        title: 'Platform',
        panels: [
          {
            title: 'Components up',
            description: `Of ${scraped.length} that are scraped.`,
            kind: 'stat',
            queries: [{ expr: 'count(max by (job) (up == 1))', legend: '' }],
          },
          {
            title: 'Targets down',
            kind: 'stat',
            thresholds: { warning: 1, critical: 1 },
            queries: [{ expr: 'count(up == 0) or vector(0)', legend: '' }],
          },
          {
            title: 'Alerts firing',
            kind: 'stat',
            thresholds: { warning: 1, critical: 1 },
            queries: [
              {
                expr: 'count(ALERTS{alertstate="firing",severity=~"critical|warning"}) or vector(0)',
                legend: '',
              },
            ],
          },
          {
            title: 'Answers without a server error',
            kind: 'stat',
            unit: 'percentunit',
            queries: [{ expr: availability, legend: '' }],
          },
          {
            title: 'Requests',
            kind: 'stat',
            unit: 'reqps',
            queries: [{ expr: `sum(rate(http_requests_total{${SERVED}}[$__rate_interval]))`, legend: '' }],
          },
          {
            title: 'Events not published yet',
            kind: 'stat',
            unit: 'short',
            thresholds: { warning: 100, critical: 1000 },
            queries: [{ expr: 'sum(outbox_pending)', legend: '' }],
          },
          {
            title: 'Memory by component',
            unit: 'bytes',
            queries: [
              {
                expr: 'sum by (container) (container_memory_working_set_bytes{container!=""})',
                legend: '{{container}}',
              },
            ],
          },
          {
            title: 'Out-of-memory kills',
            queries: [
              {
                expr: 'sum by (pod, container) (increase(container_oom_events_total{container!=""}[$__rate_interval])) > 0',
                legend: '{{pod}} {{container}}',
              },
            ],
          },
          {
            title: 'Events between services',
            unit: 'short',
            queries: [
              {
                expr: 'sum by (job, outcome) (rate(events_published_total[$__rate_interval]))',
                legend: '{{job}} published: {{outcome}}',
              },
              {
                expr: 'sum by (job, outcome) (rate(events_consumed_total[$__rate_interval]))',
                legend: '{{job}} consumed: {{outcome}}',
              },
            ],
          },
        ],
      },
      ...topology.services.map(service),
    ],
  };
}
