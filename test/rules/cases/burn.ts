/** Objectives: each pair of windows by itself, then what must not wake anybody. */
import { type CasesOf, growing, type Series } from './model.ts';

const minutes = 600;
/** A sample counts for a minute, and there is one every ten: failures are many, so that enough are counted. */
const every = '10m';
/** Requests a minute to user-management, through the gateway and straight from the edge. */
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
  // A probe that hangs is no request of a user.
  'http_request_duration_seconds_count{job="analytics",route="/health"}': growing(100, minutes),
});

const available = { labels: { service: 'user-management', slo: 'availability' } };
const quick = { labels: { service: 'analytics', slo: 'latency' } };

export const burn: CasesOf = {
  AvailabilityBudgetBurnsFast: {
    fires: [
      // 14.4 times 0.1 % over an hour and five minutes.
      { at: '15m', series: steadyUsers(9800, 200), alerts: [{ ...available, value: '2%' }] },
      // 6 times, over six hours: too slow for the first pair.
      { at: '6h', every, series: steadyUsers(9900, 100), alerts: [{ ...available, value: '1%' }] },
      {
        // Of the edge as a whole: 7.2 % are allowed for an hour.
        at: '15m',
        series: {
          'traefik_entrypoint_requests_total{job="traefik",entrypoint="websecure",code="200"}': growing(90),
          'traefik_entrypoint_requests_total{job="traefik",entrypoint="websecure",code="504"}': growing(10),
        },
        alerts: [{ labels: { service: 'traefik', slo: 'availability' }, value: '10%' }],
      },
    ],
    quiet: [
      // Half a per cent: the objective breaks, but slowly.
      { at: '6h', every, series: steadyUsers(99500, 500) },
      // It is over: the short windows are clean.
      { at: '100m', series: users('0+80x200', '0+20x60 1200+0x140') },
      // Two requests in an hour, both failed.
      { at: '30m', series: users('0+0x60', '0+0x5 1+0x60') },
      // What clients do wrong.
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
      // Just what the objective allows, and a little more.
      { at: '8h', every, series: steadyUsers(99800, 200), alerts: [{ ...available, value: '0.2%' }] },
    ],
    quiet: { at: '8h', every, series: steadyUsers(999500, 500) },
  },
  LatencyBudgetBurnsFast: {
    fires: [
      // 14.4 times 5 %.
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
