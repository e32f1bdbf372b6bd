/** Causes inside the services: events, models, 1C, mail, audit log. All use the services' own metrics. */
import type { Alert, RuleGroup, RuleScope } from './model.ts';
import { runs } from './model.ts';

const eventAlerts: readonly Alert[] = [
  {
    alert: 'OutboxStuck',
    severity: 'warning',
    for: '5m',
    expr: 'max by (job) (outbox_oldest_pending_seconds) > 120',
    summary: '{{ $labels.job }} does not get its events published',
    description:
      'The oldest event in the outbox of {{ $labels.job }} has waited for {{ $value | humanizeDuration }}.',
  },
  {
    alert: 'EventsLag',
    severity: 'warning',
    for: '10m',
    expr: 'max by (group) (redis_stream_group_lag{stream="events"}) > 100',
    summary: '{{ $labels.group }} is behind with the events',
    description: '{{ $value }} events wait for {{ $labels.group }}; from 10,000 on the oldest are lost.',
  },
  {
    alert: 'EventsFail',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (job) (increase(events_consumed_total{outcome="failed"}[10m])) > 0',
    summary: '{{ $labels.job }} fails to handle events',
    description:
      '{{ $labels.job }} failed {{ $value | humanize }} times within 10 minutes; each event is tried five times.',
  },
  {
    alert: 'EventsLost',
    severity: 'critical',
    expr: 'sum by (job) (increase(events_consumed_total{outcome=~"dropped|invalid"}[15m])) > 0',
    summary: '{{ $labels.job }} gave events up',
    description:
      '{{ $labels.job }} gave {{ $value | humanize }} events up within 15 minutes: they are in no report and no audit log.',
  },
  {
    alert: 'EventsNotPublished',
    severity: 'warning',
    expr: 'sum by (job) (increase(events_published_total{outcome="failed"}[15m])) > 0',
    summary: '{{ $labels.job }} could not publish events',
    description:
      '{{ $value | humanize }} events of {{ $labels.job }} were lost within 15 minutes: it has no outbox, and Redis was away.',
  },
];

const modelAlerts: readonly Alert[] = [
  {
    alert: 'ModelProviderFails',
    severity: 'warning',
    for: '5m',
    expr: '(sum by (provider) (rate(ai_provider_calls_total{outcome!~"ok|cancelled"}[10m])) / sum by (provider) (rate(ai_provider_calls_total[10m])) > 0.2) and (sum by (provider) (increase(ai_provider_calls_total[10m])) > 5)',
    summary: 'The model provider {{ $labels.provider }} fails',
    description: '{{ $value | humanizePercentage }} of the calls to {{ $labels.provider }} fail.',
  },
  {
    alert: 'ModelProviderSlow',
    severity: 'warning',
    for: '10m',
    expr: 'histogram_quantile(0.9, sum by (provider, le) (rate(ai_provider_call_duration_seconds_bucket[10m]))) > 45',
    summary: 'The model provider {{ $labels.provider }} is slow',
    description: 'One call in ten to {{ $labels.provider }} takes {{ $value | humanizeDuration }} or longer.',
  },
  {
    alert: 'FallbackModelAnswers',
    severity: 'info',
    for: '10m',
    expr: 'sum by (provider) (increase(ai_fallbacks_total[15m])) > 0',
    summary: 'The fallback model answers in place of {{ $labels.provider }}',
    description:
      '{{ $value | humanize }} requests were handed from {{ $labels.provider }} to the fallback model within 15 minutes.',
  },
  {
    alert: 'TokenBudgetsUsedUp',
    severity: 'info',
    expr: 'sum(increase(ai_budget_refusals_total{reason="used_up"}[1h])) > 10',
    summary: 'Users meet the end of their daily token budget',
    description: '{{ $value | humanize }} requests were refused within an hour because a budget was used up.',
  },
  {
    alert: 'TokensCannotBeCounted',
    severity: 'critical',
    for: '2m',
    expr: 'sum(increase(ai_budget_refusals_total{reason="uncounted"}[5m])) > 0',
    summary: 'Every request is refused: tokens cannot be counted without Redis',
    description:
      '{{ $value | humanize }} requests were refused within five minutes: no model is called uncounted.',
  },
  {
    alert: 'TokenSpendJumps',
    severity: 'warning',
    for: '15m',
    expr: '(sum(rate(ai_tokens_total[1h])) > 5 * sum(rate(ai_tokens_total[1d]))) and (sum(increase(ai_tokens_total[1h])) > 1000000)',
    summary: 'Tokens are spent five times as fast as on average of the day',
    description: '{{ $value | humanize }} tokens a second are spent.',
  },
  {
    alert: 'PromptInjections',
    severity: 'info',
    expr: 'sum by (marker) (increase(ai_prompts_flagged_total[1h])) > 20',
    summary: 'Many prompts show signs of injection ({{ $labels.marker }})',
    description: '{{ $value | humanize }} prompts with the sign {{ $labels.marker }} came within an hour.',
  },
];

const onecAlerts: readonly Alert[] = [
  {
    alert: 'OneCFails',
    severity: 'warning',
    for: '5m',
    // A conflict is an answer, and a caller that disconnects is no fault of the service.
    expr: '(sum(rate(onec_requests_total{outcome!~"ok|aborted|onec_conflict"}[10m])) / sum(rate(onec_requests_total[10m])) > 0.2) and (sum(increase(onec_requests_total[10m])) > 5)',
    summary: 'Requests to 1C fail',
    description: '{{ $value | humanizePercentage }} of the requests to 1C fail.',
  },
  {
    alert: 'OneCSlow',
    severity: 'warning',
    for: '10m',
    expr: 'histogram_quantile(0.9, sum by (le) (rate(onec_request_duration_seconds_bucket[10m]))) > 10',
    summary: 'Requests to 1C are slow',
    description:
      'One request in ten to 1C takes {{ $value | humanizeDuration }} or longer, the wait for a session included.',
  },
  {
    alert: 'OneCSessionsBusy',
    severity: 'warning',
    for: '5m',
    expr: 'sum(increase(onec_requests_total{outcome="onec_sessions_busy"}[5m])) > 0',
    summary: 'All sessions of 1C are taken',
    description: '{{ $value | humanize }} requests found no free session of 1C within five minutes.',
  },
  {
    alert: 'SyncFails',
    severity: 'warning',
    expr: 'sum(increase(onec_sync_jobs_total{status="failed"}[1h])) > 0',
    summary: 'A synchronization with 1C failed',
    description: '{{ $value | humanize }} synchronizations failed within an hour.',
  },
];

const userAlerts: readonly Alert[] = [
  {
    alert: 'MailsFail',
    severity: 'warning',
    expr: 'sum by (purpose) (increase(mails_total{outcome="failed"}[30m])) > 2',
    summary: 'Mails to users are not sent ({{ $labels.purpose }})',
    description: '{{ $value | humanize }} mails ({{ $labels.purpose }}) failed within 30 minutes.',
  },
  {
    alert: 'LoginsFailOften',
    severity: 'info',
    for: '10m',
    expr: 'sum(rate(http_requests_total{job="user-management",route="/auth/login",status="401"}[10m])) > 0.5',
    summary: 'Many logins fail: somebody may be guessing passwords',
    description: '{{ $value | humanize }} logins a second fail.',
  },
];

const analyticsAlerts: readonly Alert[] = [
  {
    alert: 'ReportsNotDrawn',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (drawing) (increase(analytics_renderings_total{outcome=~"failed|refused"}[15m])) > 3',
    summary: 'Reports cannot be drawn ({{ $labels.drawing }})',
    description:
      '{{ $value | humanize }} drawings ({{ $labels.drawing }}) failed or were refused within 15 minutes.',
  },
];

const securityAlerts: readonly Alert[] = [
  {
    alert: 'AuditLogTampered',
    severity: 'critical',
    expr: 'max by (job) (audit_log_unsealed) == 1',
    summary: 'The end of the audit log is not what was signed',
    description:
      'Entries of the audit log were removed or changed, or its key is another one ({{ $labels.job }} says so).',
  },
  {
    alert: 'ThreatFound',
    severity: 'warning',
    expr: 'sum by (kind) (increase(security_alerts_total{severity=~"high|critical"}[15m])) > 0',
    summary: 'The security service found a threat: {{ $labels.kind }}',
    description:
      '{{ $value | humanize }} alerts of the kind {{ $labels.kind }} were opened within 15 minutes.',
  },
  {
    alert: 'SecurityNotificationsFail',
    severity: 'critical',
    expr: 'sum by (channel) (increase(security_notifications_total{outcome="given_up"}[1h])) > 0',
    summary: 'No message about threats leaves by {{ $labels.channel }}',
    description:
      '{{ $value | humanize }} notifications by {{ $labels.channel }} were given up within an hour.',
  },
];

/** Groups of the services that run; a new service adds its group here. */
const BY_SERVICE: readonly (readonly [service: string, alerts: readonly Alert[]])[] = [
  ['ai-assistant', modelAlerts],
  ['onec-integration', onecAlerts],
  ['user-management', userAlerts],
  ['analytics', analyticsAlerts],
  ['security', securityAlerts],
];

export const serviceGroups = (scope: RuleScope): readonly RuleGroup[] => [
  { name: 'events', alerts: eventAlerts },
  ...BY_SERVICE.filter(([service]) => runs(scope, service)).map(([name, alerts]) => ({ name, alerts })),
];
