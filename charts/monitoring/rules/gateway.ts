/** Causes of failures in the gateway and the edge. */
import { EDGE } from '../../graph/model.ts';
import { type Alert, type RuleGroup, type RuleScope, runs } from './model.ts';

const gatewayAlerts: readonly Alert[] = [
  {
    alert: 'BreakerOpen',
    severity: 'warning',
    for: '1m',
    // A breaker is half open for a moment while the gateway tries the upstream.
    expr: 'max by (upstream) (max_over_time(gateway_breaker_state[2m])) == 2',
    summary: 'The gateway leaves {{ $labels.upstream }} alone: its circuit breaker is open',
    description:
      'Calls to {{ $labels.upstream }} kept failing, so the gateway refuses them with 503 and tries again now and then.',
  },
  {
    alert: 'UpstreamHasNoReplicas',
    severity: 'critical',
    for: '2m',
    expr: 'max by (upstream) (gateway_endpoints) == 0',
    summary: 'The gateway finds no replica of {{ $labels.upstream }}',
    description: 'DNS names no ready pod of {{ $labels.upstream }}: every call to it is refused with 503.',
  },
  {
    alert: 'ReplicasKeepFailing',
    severity: 'warning',
    expr: 'sum by (upstream) (increase(gateway_ejections_total[15m])) > 3',
    summary: 'Replicas of {{ $labels.upstream }} keep failing, one at a time',
    description:
      'The gateway set a replica of {{ $labels.upstream }} aside {{ $value | humanize }} times within 15 minutes.',
  },
  {
    alert: 'UpstreamTimesOut',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (upstream) (rate(gateway_upstream_requests_total{status="timeout"}[5m])) / sum by (upstream) (rate(gateway_upstream_requests_total[5m])) > 0.05',
    summary: '{{ $labels.upstream }} does not answer the gateway in time',
    description:
      '{{ $value | humanizePercentage }} of the calls to {{ $labels.upstream }} ran into their timeout.',
  },
  {
    alert: 'RateLimitsWithoutRedis',
    severity: 'warning',
    for: '1m',
    expr: 'sum by (result) (rate(gateway_rate_limit_decisions_total{result=~"open|closed"}[5m])) > 0',
    summary: 'The gateway decides on rate limits without Redis',
    description:
      'Redis does not answer the gateway: {{ $value | humanize }} requests a second are decided without a count ({{ $labels.result }}: let through when open, refused when closed).',
  },
  {
    alert: 'ClientsLimitedOften',
    severity: 'info',
    for: '15m',
    expr: 'sum by (quota) (rate(gateway_rate_limit_decisions_total{result="limited"}[15m])) / sum by (quota) (rate(gateway_rate_limit_decisions_total[15m])) > 0.2',
    summary: 'The limit {{ $labels.quota }} refuses many requests',
    description:
      '{{ $value | humanizePercentage }} of the requests under the limit {{ $labels.quota }} are refused with 429.',
  },
];

const certificateEndsIn = (days: number): string =>
  `max by (sans) (traefik_tls_certs_not_after) - time() < ${days} * 86400`;

const certificateAlerts: readonly Alert[] = [
  {
    alert: 'CertificateExpires',
    severity: 'warning',
    for: '1h',
    // Let's Encrypt's certificates last 90 days; cert-manager renews them 30 days before their end.
    expr: certificateEndsIn(21),
    summary: 'The certificate of {{ $labels.sans }} should have been renewed',
    description:
      'The certificate the edge shows for {{ $labels.sans }} ends in {{ $value | humanizeDuration }}.',
  },
  {
    alert: 'CertificateExpiresSoon',
    severity: 'critical',
    for: '10m',
    expr: certificateEndsIn(3),
    summary: 'The certificate of {{ $labels.sans }} is about to end',
    description:
      'The certificate the edge shows for {{ $labels.sans }} ends in {{ $value | humanizeDuration }}; then no browser comes in.',
  },
];

const edgeAlerts: readonly Alert[] = [
  {
    alert: 'EdgeRefusesOften',
    severity: 'info',
    for: '15m',
    expr: 'sum by (entrypoint) (rate(traefik_entrypoint_requests_total{code="429"}[15m])) / sum by (entrypoint) (rate(traefik_entrypoint_requests_total[15m])) > 0.2',
    summary: 'The edge refuses many requests for their rate',
    description:
      '{{ $value | humanizePercentage }} of the requests at {{ $labels.entrypoint }} are refused with 429.',
  },
];

export function gatewayGroups(scope: RuleScope): readonly RuleGroup[] {
  const groups: RuleGroup[] = [{ name: 'gateway', alerts: gatewayAlerts }];
  if (!runs(scope, EDGE)) return groups;
  const certificates = scope.config.edge.tls === 'self-signed' ? [] : certificateAlerts;
  return [...groups, { name: 'edge', alerts: [...edgeAlerts, ...certificates] }];
}
