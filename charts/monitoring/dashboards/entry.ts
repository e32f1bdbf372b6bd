/** Where requests come in: the gateway and the edge in front of it. */
import { EDGE, GATEWAY } from '../../graph/model.ts';
import type { DashboardSpec } from './model.ts';
import { SERVED } from './overview.ts';

export const gateway = (): DashboardSpec => ({
  uid: 'assistants-gateway',
  title: 'API gateway',
  folder: 'Services',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'By route',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (route) (rate(http_requests_total{job="${GATEWAY}",${SERVED}}[$__rate_interval]))`,
              legend: '{{route}}',
            },
          ],
        },
        {
          title: 'Server errors by route',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (route, status) (rate(http_requests_total{job="${GATEWAY}",status=~"5..",${SERVED}}[$__rate_interval]))`,
              legend: '{{route}} {{status}}',
            },
          ],
        },
        {
          title: 'Time to answer, 95 %',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket{job="${GATEWAY}",${SERVED}}[$__rate_interval])))`,
              legend: '{{route}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Services behind it',
      panels: [
        {
          title: 'Calls by outcome',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (upstream, status) (rate(gateway_upstream_requests_total[$__rate_interval]))',
              legend: '{{upstream}} {{status}}',
            },
          ],
        },
        {
          title: 'Circuit breakers',
          description: '0 closed, 1 half open, 2 open: nothing is sent to the service.',
          thresholds: { warning: 1, critical: 2 },
          queries: [{ expr: 'max by (upstream) (gateway_breaker_state)', legend: '{{upstream}}' }],
        },
        {
          title: 'Replicas, and those left alone',
          queries: [
            { expr: 'min by (upstream) (gateway_endpoints)', legend: '{{upstream}}' },
            {
              expr: 'sum by (upstream) (increase(gateway_ejections_total[$__rate_interval]))',
              legend: '{{upstream}} left alone',
            },
          ],
        },
      ],
    },
    {
      title: 'Limits and streams',
      panels: [
        {
          title: 'Rate limiter',
          description: '`open` and `closed`: Redis was away.',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (quota, result) (rate(gateway_rate_limit_decisions_total[$__rate_interval]))',
              legend: '{{quota}} {{result}}',
            },
          ],
        },
        {
          title: 'Open WebSockets',
          queries: [{ expr: 'sum by (upstream) (gateway_websockets)', legend: '{{upstream}}' }],
        },
        {
          title: 'Memory of the process',
          unit: 'bytes',
          queries: [{ expr: `process_resident_memory_bytes{job="${GATEWAY}"}`, legend: '{{pod}}' }],
        },
      ],
    },
  ],
});

export const edge = (): DashboardSpec => ({
  uid: 'assistants-edge',
  title: 'Edge',
  folder: 'Platform',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'By service',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (service) (rate(traefik_service_requests_total[$__rate_interval]))',
              legend: '{{service}}',
            },
          ],
        },
        {
          title: 'By status',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (code) (rate(traefik_entrypoint_requests_total{entrypoint="websecure"}[$__rate_interval]))',
              legend: '{{code}}',
            },
          ],
        },
        {
          title: 'Time to answer, 95 %',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (le, service) (rate(traefik_service_request_duration_seconds_bucket[$__rate_interval])))',
              legend: '{{service}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Controller',
      panels: [
        {
          title: 'Open connections',
          queries: [{ expr: 'sum by (entrypoint) (traefik_open_connections)', legend: '{{entrypoint}}' }],
        },
        {
          title: 'Traffic',
          unit: 'Bps',
          queries: [
            {
              expr: 'sum(rate(traefik_entrypoint_requests_bytes_total[$__rate_interval]))',
              legend: 'requests',
            },
            {
              expr: 'sum(rate(traefik_entrypoint_responses_bytes_total[$__rate_interval]))',
              legend: 'answers',
            },
          ],
        },
        {
          title: 'Days until a certificate expires',
          description: 'A self-signed certificate of the edge is not among them.',
          queries: [
            {
              expr: '(min by (cn) (traefik_tls_certs_not_after) - time()) / 86400',
              legend: '{{cn}}',
            },
          ],
        },
        {
          title: 'Configuration reloads',
          queries: [
            {
              expr: `increase(traefik_config_reloads_total{job="${EDGE}"}[$__rate_interval])`,
              legend: '{{pod}}',
            },
          ],
        },
      ],
    },
  ],
});
