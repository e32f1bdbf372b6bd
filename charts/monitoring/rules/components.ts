/** Alerts for missing components: those with metrics that run all the time. */
import { EDGE } from '../../graph/model.ts';
import type { Alert, RuleGroup, RuleScope } from './model.ts';

/** Matches one series for each component of a kind. */
export const expected = (kind: string): string => `platform:component:expected{kind="${kind}"}`;

/** Labels that join a component with its metrics. */
const recordings = ({ topology }: RuleScope) =>
  topology.components
    .filter(({ metricsPort, presence }) => metricsPort && presence !== 'scheduled')
    .map(({ name, kind, service }) => ({
      record: 'platform:component:expected',
      labels: { job: name, kind, ...(service ? { service: service.name } : {}) },
      expr: 'vector(1)',
    }));

/** The label `job` of a target is the name of its component. */
const missing = (kind: string): string => `${expected(kind)} unless on (job) up == 1`;

const edgeDown: Alert = {
  alert: 'EdgeDown',
  severity: 'critical',
  for: '2m',
  expr: missing('edge'),
  summary: 'The platform cannot be reached: no pod of {{ $labels.job }} answers',
  description: 'Prometheus has reached no pod of {{ $labels.job }} for two minutes.',
};

export const componentGroups = (scope: RuleScope): readonly RuleGroup[] => [
  {
    name: 'components',
    recordings: recordings(scope),
    alerts: [
      {
        alert: 'ServiceDown',
        severity: 'critical',
        for: '2m',
        expr: missing('service'),
        summary: 'No pod of {{ $labels.job }} answers',
        description: 'Prometheus has reached no pod of {{ $labels.job }} for two minutes.',
      },
      ...(scope.topology.components.some(({ name }) => name === EDGE) ? [edgeDown] : []),
      {
        alert: 'MonitoringPartDown',
        severity: 'warning',
        for: '5m',
        expr: missing('monitor'),
        summary: '{{ $labels.job }} is not seen: what it tells of is unknown',
        description:
          'Prometheus has reached no pod of {{ $labels.job }} for five minutes; alerts on its metrics are blind.',
      },
      {
        alert: 'TargetDown',
        severity: 'warning',
        for: '5m',
        expr: 'up == 0',
        summary: 'Pod {{ $labels.pod }} of {{ $labels.job }} does not answer',
        description:
          '{{ $labels.pod }} of {{ $labels.job }} in {{ $labels.namespace }} has given no metrics for five minutes.',
      },
      {
        alert: 'FileDescriptorsNearLimit',
        severity: 'warning',
        for: '10m',
        expr: 'process_open_fds / process_max_fds > 0.8',
        summary: 'Pod {{ $labels.pod }} of {{ $labels.job }} runs out of file descriptors',
        description:
          '{{ $labels.pod }} uses {{ $value | humanizePercentage }} of the files and connections it may open.',
      },
    ],
  },
];
