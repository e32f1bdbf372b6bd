/** What counts as a request, as a failure and as slow, for each service: expressions from the topology. */
import { componentOf } from '../../graph/build.ts';
import { EDGE, GATEWAY, type RewriteSpec, type ServiceSpec } from '../../graph/model.ts';
import type { RuleScope } from './model.ts';
import { objectiveOf } from './objectives.ts';

/** Two expressions: requests a second, and those of them that broke the objective. */
export interface Indicator {
  readonly requests: string;
  readonly failures: string;
}

interface Source {
  readonly metric: string;
  readonly matchers: string;
  /** The label of the status. */
  readonly status: string;
}

const OPERATIONS = '/live|/health|/metrics|/openapi.json';
/** Over five minutes: the longest time that divides every window of the burn rates. */
const rate = (metric: string, matchers: string): string =>
  `(sum(rate(${metric}{${matchers}}[5m])) or vector(0))`;

/** Matches the gateway's route labels of a service; `[*]` is a literal `*`. */
const gatewayRoutes = ({ gateway }: ServiceSpec): string =>
  (gateway?.rewrites ?? [{ from: gateway?.path ?? '', to: '' } satisfies RewriteSpec])
    .map(({ from }) => `${from}/[*]`)
    .join('|');

const traefikService = ({ app }: RuleScope, service: string): string => `${app}-${service}-http@kubernetes`;
const ownEdge = ({ topology }: RuleScope): boolean => topology.components.some(({ name }) => name === EDGE);

/** Where users meet the service: while it is down, it cannot count the requests it misses. */
function sources(scope: RuleScope, spec: ServiceSpec): readonly Source[] {
  const found: Source[] = [];
  if (spec.gateway)
    found.push({
      metric: 'http_requests_total',
      matchers: `job="${GATEWAY}",route=~"${gatewayRoutes(spec)}"`,
      status: 'status',
    });
  if (spec.route && ownEdge(scope))
    found.push({
      metric: 'traefik_router_requests_total',
      matchers: `service="${traefikService(scope, spec.name)}"`,
      status: 'code',
    });
  if (found.length > 0) return found;
  const matchers = `job="${spec.name}",route!~"${OPERATIONS}"`;
  return [{ metric: 'http_requests_total', matchers, status: 'status' }];
}

/** All requests, and those the platform failed. */
export function availability(scope: RuleScope, name: string): Indicator {
  const spec = scope.topology.services.find((service) => service.name === name);
  const found: readonly Source[] = spec
    ? sources(scope, spec)
    : [
        {
          metric: 'traefik_entrypoint_requests_total',
          matchers: `job="${EDGE}",entrypoint="websecure"`,
          status: 'code',
        },
      ];
  return {
    requests: found.map(({ metric, matchers }) => rate(metric, matchers)).join(' + '),
    failures: found
      .map(({ metric, matchers, status }) => rate(metric, `${matchers},${status}=~"5.."`))
      .join(' + '),
  };
}

/** Answered requests, and the slow ones. Edge and gateway leave out streams, which may take any time. */
export function latency(scope: RuleScope, name: string): Indicator {
  const { services } = scope.topology;
  const bound = upTo(objectiveOf(name).latency.seconds);
  if (name === EDGE) {
    const quick = services
      .filter(({ route }) => route && !route.streams)
      .map((spec) => traefikService(scope, spec.name))
      .join('|');
    return slower('traefik_router_request_duration_seconds', `service=~"${quick}"`, bound);
  }
  if (name === GATEWAY) {
    const quick = services
      .filter(({ gateway }) => gateway && !gateway.streams)
      .map(gatewayRoutes)
      .join('|');
    return slower('http_request_duration_seconds', `job="${GATEWAY}",route=~"${quick}"`, bound);
  }
  const { name: job } = componentOf(scope.topology, name);
  return slower('http_request_duration_seconds', `job="${job}",route!~"${OPERATIONS}"`, bound);
}

/** The matcher of a bucket: exporters write the same bound as `1` or `1.0`. */
const upTo = (seconds: number): string =>
  Number.isInteger(seconds) ? `le=~"${seconds}([.]0)?"` : `le="${seconds}"`;

function slower(histogram: string, matchers: string, bound: string): Indicator {
  const requests = rate(`${histogram}_count`, matchers);
  return { requests, failures: `${requests} - ${rate(`${histogram}_bucket`, `${matchers},${bound}`)}` };
}
