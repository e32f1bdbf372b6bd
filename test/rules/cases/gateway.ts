import { type CasesOf, growing, once, still } from './model.ts';

const DAY = 86_400;
const certificate = 'traefik_tls_certs_not_after{sans="assistants.example.com",serial="1"}';

export const gateway: CasesOf = {
  BreakerOpen: {
    // The breaker is half open at times, while the gateway tries the service again.
    fires: {
      at: '5m',
      series: { 'gateway_breaker_state{upstream="analytics"}': '0 2 1 2 2 1 2 2' },
      alerts: [{ labels: { upstream: 'analytics' } }],
    },
    quiet: { at: '8m', series: { 'gateway_breaker_state{upstream="analytics"}': '0 2 1 0 0 0 0 0 0' } },
  },
  UpstreamHasNoReplicas: {
    fires: {
      at: '5m',
      series: { 'gateway_endpoints{upstream="analytics"}': still(0) },
      alerts: [{ labels: { upstream: 'analytics' } }],
    },
    quiet: {
      at: '5m',
      series: {
        'gateway_endpoints{upstream="analytics",pod="a"}': still(0),
        'gateway_endpoints{upstream="analytics",pod="b"}': still(1),
      },
    },
  },
  ReplicasKeepFailing: {
    fires: {
      at: '15m',
      series: { 'gateway_ejections_total{upstream="analytics"}': growing(1) },
      alerts: [{ labels: { upstream: 'analytics' }, value: '15' }],
    },
    quiet: { at: '15m', series: { 'gateway_ejections_total{upstream="analytics"}': once(2) } },
  },
  UpstreamTimesOut: {
    fires: {
      at: '12m',
      series: {
        'gateway_upstream_requests_total{upstream="analytics",status="timeout"}': growing(10),
        'gateway_upstream_requests_total{upstream="analytics",status="200"}': growing(90),
      },
      alerts: [{ labels: { upstream: 'analytics' }, value: '10%' }],
    },
    quiet: {
      at: '12m',
      series: {
        'gateway_upstream_requests_total{upstream="analytics",status="timeout"}': growing(2),
        'gateway_upstream_requests_total{upstream="analytics",status="503"}': growing(50),
        'gateway_upstream_requests_total{upstream="analytics",status="200"}': growing(48),
      },
    },
  },
  RateLimitsWithoutRedis: {
    fires: {
      at: '7m',
      series: { 'gateway_rate_limit_decisions_total{quota="common",result="open"}': growing(60) },
      alerts: [{ labels: { result: 'open' }, value: '1' }],
    },
    quiet: {
      at: '7m',
      series: { 'gateway_rate_limit_decisions_total{quota="common",result="limited"}': growing(60) },
    },
  },
  ClientsLimitedOften: {
    fires: {
      at: '40m',
      series: {
        'gateway_rate_limit_decisions_total{quota="common",result="limited"}': growing(30),
        'gateway_rate_limit_decisions_total{quota="common",result="allowed"}': growing(70),
      },
      alerts: [{ labels: { quota: 'common' }, value: '30%' }],
    },
    quiet: {
      at: '40m',
      series: {
        'gateway_rate_limit_decisions_total{quota="common",result="limited"}': growing(10),
        'gateway_rate_limit_decisions_total{quota="common",result="allowed"}': growing(90),
      },
    },
  },
  EdgeRefusesOften: {
    fires: {
      at: '40m',
      series: {
        'traefik_entrypoint_requests_total{entrypoint="websecure",code="429"}': growing(30),
        'traefik_entrypoint_requests_total{entrypoint="websecure",code="200"}': growing(70),
      },
      alerts: [{ labels: { entrypoint: 'websecure' }, value: '30%' }],
    },
    quiet: {
      at: '40m',
      series: {
        'traefik_entrypoint_requests_total{entrypoint="websecure",code="429"}': growing(10),
        'traefik_entrypoint_requests_total{entrypoint="websecure",code="200"}': growing(90),
      },
    },
  },
  CertificateExpires: {
    fires: {
      at: '100m',
      series: { [certificate]: still(20 * DAY + 6000) },
      alerts: [{ labels: { sans: 'assistants.example.com' }, value: '20d 0h 0m 0s' }],
    },
    quiet: { at: '100m', series: { [certificate]: still(30 * DAY) } },
  },
  CertificateExpiresSoon: {
    fires: {
      at: '60m',
      series: { [certificate]: still(2 * DAY + 3600) },
      alerts: [{ labels: { sans: 'assistants.example.com' }, value: '2d 0h 0m 0s' }],
    },
    quiet: { at: '60m', series: { [certificate]: still(4 * DAY) } },
  },
};
