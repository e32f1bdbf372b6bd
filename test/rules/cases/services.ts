import { type CasesOf, growing, once, still } from './model.ts';

const calls = (ok: number, failed: number, outcome = '503') => ({
  'ai_provider_calls_total{provider="openai",outcome="ok"}': growing(ok),
  [`ai_provider_calls_total{provider="openai",outcome="${outcome}"}`]: growing(failed),
});
const onec = (ok: number, failed: number, outcome: string) => ({
  'onec_requests_total{operation="read",outcome="ok"}': growing(ok),
  [`onec_requests_total{operation="read",outcome="${outcome}"}`]: growing(failed),
});
/** A histogram in which every call falls between two bounds. */
const within = (metric: string, labels: string, below: number, above: number) => ({
  [`${metric}_bucket{${labels}le="${below}"}`]: still(0),
  [`${metric}_bucket{${labels}le="${above}"}`]: growing(10),
  [`${metric}_bucket{${labels}le="+Inf"}`]: growing(10),
});

export const events: CasesOf = {
  OutboxStuck: {
    fires: {
      at: '10m',
      series: { 'outbox_oldest_pending_seconds{job="analytics"}': '60+60x60' },
      alerts: [{ labels: { job: 'analytics' }, value: '11m 0s' }],
    },
    quiet: { at: '10m', series: { 'outbox_oldest_pending_seconds{job="analytics"}': still(100) } },
  },
  EventsLag: {
    fires: {
      at: '20m',
      series: { 'redis_stream_group_lag{group="security",stream="events"}': still(2500) },
      alerts: [{ labels: { group: 'security' }, value: '2500' }],
    },
    quiet: {
      at: '20m',
      series: { 'redis_stream_group_lag{group="security",stream="events"}': '5000+0x5 3+0x60' },
    },
  },
  EventsFail: {
    fires: {
      at: '20m',
      series: { 'events_consumed_total{job="analytics",type="ai.used",outcome="failed"}': growing(1) },
      alerts: [{ labels: { job: 'analytics' }, value: '10' }],
    },
    quiet: {
      at: '20m',
      series: { 'events_consumed_total{job="analytics",type="ai.used",outcome="handled"}': growing(50) },
    },
  },
  EventsLost: {
    fires: {
      at: '15m',
      series: { 'events_consumed_total{job="analytics",type="unknown",outcome="dropped"}': growing(1) },
      alerts: [{ labels: { job: 'analytics' }, value: '15' }],
    },
    quiet: {
      at: '15m',
      series: {
        'events_consumed_total{job="analytics",type="unknown",outcome="dropped"}': still(7),
        'events_consumed_total{job="analytics",type="ai.used",outcome="failed"}': growing(1),
      },
    },
  },
  EventsNotPublished: {
    fires: {
      at: '15m',
      series: {
        'events_published_total{job="api-gateway",type="login.suspicious",outcome="failed"}': growing(2),
      },
      alerts: [{ labels: { job: 'api-gateway' }, value: '30' }],
    },
    quiet: {
      at: '15m',
      series: {
        'events_published_total{job="api-gateway",type="login.suspicious",outcome="published"}': growing(2),
      },
    },
  },
};

export const models: CasesOf = {
  ModelProviderFails: {
    fires: { at: '20m', series: calls(6, 4), alerts: [{ labels: { provider: 'openai' }, value: '40%' }] },
    quiet: [
      // The clients closed the connection.
      { at: '20m', series: calls(6, 4, 'cancelled') },
      // Only one call in ten minutes, and it failed.
      { at: '12m', series: { 'ai_provider_calls_total{provider="openai",outcome="503"}': once(1) } },
    ],
  },
  ModelProviderSlow: {
    fires: {
      at: '25m',
      series: within('ai_provider_call_duration_seconds', 'provider="openai",', 60, 120),
      alerts: [{ labels: { provider: 'openai' }, value: '1m 54s' }],
    },
    quiet: { at: '25m', series: within('ai_provider_call_duration_seconds', 'provider="openai",', 10, 20) },
  },
  FallbackModelAnswers: {
    fires: {
      at: '30m',
      series: { 'ai_fallbacks_total{provider="openai"}': growing(2) },
      alerts: [{ labels: { provider: 'openai' }, value: '30' }],
    },
    quiet: { at: '30m', series: { 'ai_fallbacks_total{provider="openai"}': once(3) } },
  },
  TokenBudgetsUsedUp: {
    fires: {
      at: '60m',
      series: { 'ai_budget_refusals_total{reason="used_up"}': growing(1) },
      alerts: [{ value: '60' }],
    },
    quiet: { at: '60m', series: { 'ai_budget_refusals_total{reason="used_up"}': once(8) } },
  },
  TokensCannotBeCounted: {
    fires: {
      at: '10m',
      series: { 'ai_budget_refusals_total{reason="uncounted"}': growing(2) },
      alerts: [{ value: '10' }],
    },
    quiet: { at: '10m', series: { 'ai_budget_refusals_total{reason="used_up"}': growing(2) } },
  },
  TokenSpendJumps: {
    // Ten million tokens in the last hour, after 23 hours with a hundred thousand each.
    fires: {
      at: '24h',
      every: '10m',
      series: {
        'ai_tokens_total{provider="openai",model="gpt-4",kind="output"}': '0+1000x1380 1380000+200000x60',
      },
      alerts: [{ value: '3.333k' }],
    },
    quiet: {
      at: '24h',
      every: '10m',
      series: { 'ai_tokens_total{provider="openai",model="gpt-4",kind="output"}': '0+100000x1440' },
    },
  },
  PromptInjections: {
    fires: {
      at: '60m',
      series: { 'ai_prompts_flagged_total{marker="ignore-instructions"}': growing(1) },
      alerts: [{ labels: { marker: 'ignore-instructions' }, value: '60' }],
    },
    quiet: { at: '60m', series: { 'ai_prompts_flagged_total{marker="ignore-instructions"}': once(10) } },
  },
};

export const onecIntegration: CasesOf = {
  OneCFails: {
    fires: { at: '20m', series: onec(5, 5, 'onec_timeout'), alerts: [{ value: '50%' }] },
    quiet: { at: '20m', series: onec(5, 5, 'onec_conflict') },
  },
  OneCSlow: {
    fires: {
      at: '25m',
      series: within('onec_request_duration_seconds', '', 10, 30),
      alerts: [{ value: '28s' }],
    },
    quiet: { at: '25m', series: within('onec_request_duration_seconds', '', 2.5, 5) },
  },
  OneCSessionsBusy: {
    fires: { at: '15m', series: onec(5, 5, 'onec_sessions_busy'), alerts: [{ value: '25' }] },
    quiet: { at: '15m', series: onec(5, 5, 'onec_timeout') },
  },
  SyncFails: {
    fires: {
      at: '60m',
      series: { 'onec_sync_jobs_total{status="failed"}': growing(1) },
      alerts: [{ value: '60' }],
    },
    quiet: {
      at: '60m',
      series: {
        'onec_sync_jobs_total{status="completed"}': growing(1),
        'onec_sync_jobs_total{status="failed"}': still(4),
      },
    },
  },
};

export const userManagement: CasesOf = {
  MailsFail: {
    fires: {
      at: '30m',
      series: { 'mails_total{purpose="reset_password",outcome="failed"}': growing(1) },
      alerts: [{ labels: { purpose: 'reset_password' }, value: '30' }],
    },
    quiet: { at: '30m', series: { 'mails_total{purpose="reset_password",outcome="failed"}': once(2) } },
  },
  LoginsFailOften: {
    fires: {
      at: '25m',
      series: { 'http_requests_total{job="user-management",route="/auth/login",status="401"}': growing(60) },
      alerts: [{ value: '1' }],
    },
    quiet: {
      at: '25m',
      series: {
        'http_requests_total{job="user-management",route="/auth/login",status="401"}': growing(10),
        'http_requests_total{job="user-management",route="/auth/login",status="200"}': growing(600),
      },
    },
  },
};

export const analytics: CasesOf = {
  ReportsNotDrawn: {
    fires: {
      at: '25m',
      series: { 'analytics_renderings_total{drawing="xlsx",outcome="failed"}': growing(1) },
      alerts: [{ labels: { drawing: 'xlsx' }, value: '15' }],
    },
    quiet: {
      at: '25m',
      series: { 'analytics_renderings_total{drawing="xlsx",outcome="made"}': growing(10) },
    },
  },
};

export const security: CasesOf = {
  AuditLogTampered: {
    fires: {
      at: '3m',
      series: { 'audit_log_unsealed{job="security"}': '0 0 1 1 1 1' },
      alerts: [{ labels: { job: 'security' } }],
    },
    quiet: { at: '3m', series: { 'audit_log_unsealed{job="security"}': still(0) } },
  },
  ThreatFound: {
    fires: {
      at: '15m',
      series: { 'security_alerts_total{kind="brute_force",severity="high"}': growing(1) },
      alerts: [{ labels: { kind: 'brute_force' }, value: '15' }],
    },
    quiet: {
      at: '15m',
      series: { 'security_alerts_total{kind="brute_force",severity="medium"}': growing(1) },
    },
  },
  SecurityNotificationsFail: {
    fires: {
      at: '60m',
      series: { 'security_notifications_total{channel="email",outcome="given_up"}': growing(1) },
      alerts: [{ labels: { channel: 'email' }, value: '60' }],
    },
    quiet: {
      at: '60m',
      series: { 'security_notifications_total{channel="email",outcome="retried"}': growing(1) },
    },
  },
};
