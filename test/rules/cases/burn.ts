/** Alerts on objectives: each pair of windows by itself, then cases in which no alert may fire. */
import { type CasesOf, growing, type Series } from './model.ts';

const minutes = 600;
/** Evaluated every ten minutes, the rules count only a tenth of the failures, so the series have many. */
const every = '10m';
/** Requests a minute to user-management, through the gateway and directly from the edge. */
const users = (good: string, bad: string): Series => ({
  'http_requests_total{job="api-gateway",route="/api/users/*",status="200"}': good,
  'http_requests_total{job="api-gateway",route="/api/users/auth/*",status="503"}': bad,
  'traefik_router_requests_total{service="assistants-user-management-http@kubernetes",code="200"}': good,
  'traefik_router_requests_total{service="assistants-user-management-http@kubernetes",code="502"}': bad,
});
const steadyUsers = (good: number, bad: number): Series =>
  users(growing(good, minutes), growing(bad, minutes));

/** Requests a minute to analytics, and those of them that take longer than its 5 seconds. */
const analytics = (all: number, slow: number): Series => ({
  'http_request_duration_seconds_count{job="analytics",route="/reports/generate"}': growing(all, minutes),
  'http_request_duration_seconds_bucket{job="analytics",route="/reports/generate",le="5.0"}': growing(
    all - slow,
    minutes,
  ),
  // Slow probes must not count as requests of users.
  'http_request_duration_seconds_count{job="analytics",route="/health"}': growing(100, minutes),
});

const available = { labels: { service: 'user-management', slo: 'availability' } };
const quick = { labels: { service: 'analytics', slo: 'latency' } };

export const burn: CasesOf = {
  AvailabilityBudgetBurnsFast: {
    fires: [
      // More than 14.4 times 0.1 %, over one hour and over five minutes.
      { at: '15m', series: steadyUsers(9800, 200), alerts: [{ ...available, value: '2%' }] },
      // More than 6 times 0.1 %, over six hours: too few failures for the first pair of windows.
      { at: '6h', every, series: steadyUsers(9900, 100), alerts: [{ ...available, value: '1%' }] },
      {
        // The edge as a whole fails more than 14.4 times 0.5 %.
        at: '15m',
        series: {
          'traefik_entrypoint_requests_total{job="traefik",entrypoint="websecure",code="200"}': growing(90),
          'traefik_entrypoint_requests_total{job="traefik",entrypoint="websecure",code="504"}': growing(10),
        },
        alerts: [{ labels: { service: 'traefik', slo: 'availability' }, value: '10%' }],
      },
    ],
    quiet: [
      // Half a per cent misses the objective, but slowly.
      { at: '6h', every, series: steadyUsers(99500, 500) },
      // The failures have ended: the short windows have none.
      { at: '100m', series: users('0+80x200', '0+20x60 1200+0x140') },
      // Only two requests in an hour, and both failed.
      { at: '30m', series: users('0+0x60', '0+0x5 1+0x60') },
      // Errors that clients caused.
      {
        at: '15m',
        series: {
          'http_requests_total{job="api-gateway",route="/api/users/*",status="401"}': growing(50),
          'traefik_router_requests_total{service="assistants-user-management-http@kubernetes",code="429"}':
            growing(50),
        },
      },
    ],
  },
  AvailabilityBudgetBurnsSlowly: {
    fires: [
      { at: '8h', every, series: steadyUsers(99500, 500), alerts: [{ ...available, value: '0.5%' }] },
      // Slightly more than the objective allows.
      { at: '8h', every, series: steadyUsers(99800, 200), alerts: [{ ...available, value: '0.2%' }] },
    ],
    quiet: { at: '8h', every, series: steadyUsers(999500, 500) },
  },
  LatencyBudgetBurnsFast: {
    fires: [
      // More than 14.4 times 5 %.
      { at: '15m', series: analytics(100, 80), alerts: [{ ...quick, value: '80%' }] },
      { at: '6h', every, series: analytics(100, 40), alerts: [{ ...quick, value: '40%' }] },
    ],
    quiet: { at: '6h', every, series: analytics(100, 20) },
  },
  LatencyBudgetBurnsSlowly: {
    fires: [
      { at: '8h', every, series: analytics(100, 20), alerts: [{ ...quick, value: '20%' }] },
      { at: '8h', every, series: analytics(100, 6), alerts: [{ ...quick, value: '6%' }] },
    ],
    quiet: { at: '8h', every, series: analytics(100, 4) },
  },
};
