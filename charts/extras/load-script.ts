/** The script of the load test, and the plan it follows. It runs in the image of k6; nothing else is needed. */
import type { Config } from '../config/schema.ts';
import { componentOf, portOf } from '../graph/build.ts';
import { GATEWAY, type ServiceSpec, type Topology } from '../graph/model.ts';

/** Share of a user's rate limit the test uses: it measures the platform, not the limit. */
const SHARE_OF_LIMIT = 0.8;
/** Users of one address, before the address's own limit counts (services/api-gateway/src/limiter.ts). */
const USERS_AN_ADDRESS = 10;
const DEFAULT_LOAD = { path: '/openapi.json', statuses: [200] };

export interface LoadRoute {
  readonly service: string;
  /** `{user}` is the id of the caller. */
  readonly path: string;
  /** Accepted statuses. */
  readonly statuses: readonly number[];
  /** The longest the 95th percentile may take. */
  readonly p95Milliseconds: number;
}

export interface LoadPlan {
  readonly target: string;
  readonly routes: readonly LoadRoute[];
  readonly maxErrorRate: number;
  readonly requestsPerMinute: number;
  readonly usersAnAddress: number;
}

function routeOf({ name, gateway }: ServiceSpec, p95Milliseconds: number): readonly LoadRoute[] {
  if (!gateway) return [];
  const { path, statuses = [200] } = gateway.load ?? DEFAULT_LOAD;
  return [{ service: name, path: `${gateway.path}${path}`, statuses, p95Milliseconds }];
}

/** The requests: one read of every service behind the gateway. */
export function loadPlan(config: Config, topology: Topology): LoadPlan {
  const { maxErrorRate, p95Milliseconds } = config.extras.loadTest;
  const port = portOf(componentOf(topology, GATEWAY), 'http');
  return {
    target: `http://${GATEWAY}:${port}`,
    routes: topology.services.flatMap((spec) => routeOf(spec, p95Milliseconds)),
    maxErrorRate,
    requestsPerMinute: Math.floor(config.settings.rateLimit * SHARE_OF_LIMIT),
    usersAnAddress: USERS_AN_ADDRESS,
  };
}

/**
 * Every virtual user signs its own token with the shared key and stays below its rate limit. The last line is the
 * result as JSON; k6 ends with status 99 when a threshold is crossed.
 */
export const LOAD_SCRIPT = `import encoding from 'k6/encoding';
import crypto from 'k6/crypto';
import exec from 'k6/execution';
import http from 'k6/http';
import { sleep } from 'k6';

const plan = JSON.parse(open('/scripts/plan.json'));
const key = open('/run/secrets/assistants/JWT_SECRET_KEY').trim();
const users = Number(__ENV.VUS);
const seconds = Number(__ENV.DURATION_SECONDS);
const pause = (60 / plan.requestsPerMinute) * Math.max(1, users / plan.usersAnAddress);

export const options = {
  scenarios: { reads: { executor: 'constant-vus', vus: users, duration: seconds + 's', gracefulStop: '35s' } },
  thresholds: Object.fromEntries(plan.routes.flatMap(({ service, p95Milliseconds }) => [
    ['http_req_failed{service:' + service + '}', ['rate<=' + plan.maxErrorRate]],
    ['http_req_duration{service:' + service + '}', ['p(95)<' + p95Milliseconds]],
  ])),
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

const base64 = (value) => encoding.b64encode(JSON.stringify(value), 'rawurl');

function tokenOf(user) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'ai-assistants', aud: 'ai-assistants', sub: user, role: 'analyst',
    iat: now, exp: now + seconds + 120, jti: 'load-test-' + user + '-' + now,
  };
  const signed = base64({ alg: 'HS256', typ: 'JWT' }) + '.' + base64(claims);
  return signed + '.' + crypto.hmac('sha256', key, signed, 'base64rawurl');
}

let caller;

export default function () {
  if (!caller) {
    const user = '00000000-0000-4000-8000-' + String(exec.vu.idInTest).padStart(12, '0');
    caller = { user, token: tokenOf(user) };
    // Not all at once.
    sleep((pause * (exec.vu.idInTest % users)) / users);
  }
  const begun = Date.now();
  const route = plan.routes[(exec.vu.iterationInScenario + exec.vu.idInTest) % plan.routes.length];
  http.get(plan.target + route.path.replace('{user}', caller.user), {
    headers: { authorization: 'Bearer ' + caller.token, 'accept-encoding': 'gzip' },
    tags: { service: route.service },
    responseCallback: http.expectedStatuses(...route.statuses),
    timeout: '30s',
  });
  sleep(Math.max(0, pause - (Date.now() - begun) / 1000));
}

export function handleSummary({ metrics }) {
  const routes = plan.routes.map(({ service, path, p95Milliseconds }) => {
    const failed = metrics['http_req_failed{service:' + service + '}'];
    const took = metrics['http_req_duration{service:' + service + '}'];
    const crossed = [failed, took].some((metric) => !metric || Object.values(metric.thresholds).some(({ ok }) => !ok));
    const { rate = 1, passes = 0, fails = 0 } = failed ? failed.values : {};
    return {
      service, path, requests: passes + fails, errorRate: rate,
      milliseconds: took ? took.values : {}, maxErrorRate: plan.maxErrorRate, p95Milliseconds,
      // A route without a request has not passed.
      ok: !crossed && passes + fails > 0,
    };
  });
  return { stdout: JSON.stringify({ users, seconds, routes }) + '\\n' };
}
`;
