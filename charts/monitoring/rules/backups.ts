/** Alerts for backups and restore drills that do not run or fail. Kubernetes reports their schedule. */
import { DEADLINE_SECONDS } from '../../backup/chart.ts';
import { backupOf, drillOf, KUBE_STATE_METRICS } from '../../graph/model.ts';
import type { Alert, Recording, RuleGroup, RuleScope } from './model.ts';
import { runs } from './model.ts';

type Task = 'backup' | 'restore-drill';

/** A run may take until its deadline, and kube-state-metrics reports it a little later. */
const OVERDUE_SECONDS = DEADLINE_SECONDS + 900;

const expected = ({ topology }: RuleScope): readonly Recording[] =>
  topology.services.flatMap(({ name, database }) =>
    database
      ? (
          [
            ['backup', backupOf(name)],
            ['restore-drill', drillOf(name)],
          ] as const
        ).map(([task, cronjob]) => ({
          record: 'platform:cronjob:expected',
          labels: { cronjob, service: name, task },
          expr: 'vector(1)',
        }))
      : [],
  );

const newest = ({ app }: RuleScope, metric: string, task: Task): string =>
  `max by (cronjob) (${metric}{namespace="${app}",cronjob=~"${task}-.+"})`;

/** A run started longer ago than it may take, and none has succeeded since. */
const failed = (scope: RuleScope, task: Task): string => {
  const started = newest(scope, 'kube_cronjob_status_last_schedule_time', task);
  const succeeded = newest(scope, 'kube_cronjob_status_last_successful_time', task);
  return `(time() - ${started} > ${OVERDUE_SECONDS}) unless (${succeeded} >= ${started})`;
};

const late = (scope: RuleScope, task: Task): string =>
  `time() - ${newest(scope, 'kube_cronjob_next_schedule_time', task)} > ${OVERDUE_SECONDS}`;

const alerts = (scope: RuleScope): readonly Alert[] => [
  {
    alert: 'BackupFailed',
    severity: 'critical',
    expr: failed(scope, 'backup'),
    summary: 'The last run of {{ $labels.cronjob }} made no backup',
    description: '{{ $labels.cronjob }} began {{ $value | humanizeDuration }} ago and has not succeeded.',
  },
  {
    alert: 'BackupNotStarted',
    severity: 'critical',
    expr: late(scope, 'backup'),
    summary: '{{ $labels.cronjob }} did not start when it was due',
    description: '{{ $labels.cronjob }} was due {{ $value | humanizeDuration }} ago.',
  },
  {
    alert: 'RestoreDrillFailed',
    severity: 'critical',
    expr: failed(scope, 'restore-drill'),
    summary: 'The backup {{ $labels.cronjob }} looked at could not be restored',
    description: '{{ $labels.cronjob }} began {{ $value | humanizeDuration }} ago and has not succeeded.',
  },
  {
    alert: 'RestoreDrillLate',
    severity: 'warning',
    expr: late(scope, 'restore-drill'),
    summary: '{{ $labels.cronjob }} did not start when it was due',
    description:
      '{{ $labels.cronjob }} was due {{ $value | humanizeDuration }} ago: whether its backups can be restored is unknown.',
  },
  {
    alert: 'BackupJobMissing',
    severity: 'critical',
    for: '10m',
    // Silent without kube-state-metrics, whose absence has its own alert.
    expr: `(platform:cronjob:expected unless on (cronjob) kube_cronjob_info{namespace="${scope.app}"}) and on () up{job="${KUBE_STATE_METRICS}"} == 1`,
    summary: 'There is no {{ $labels.cronjob }}: {{ $labels.service }} has no {{ $labels.task }}',
    description: 'The CronJob {{ $labels.cronjob }} is not in the cluster.',
  },
  {
    alert: 'BackupSuspended',
    severity: 'warning',
    for: '1h',
    expr: `max by (cronjob) (kube_cronjob_spec_suspend{namespace="${scope.app}",cronjob=~"(backup|restore-drill)-.+"}) == 1`,
    summary: '{{ $labels.cronjob }} is suspended',
    description: '{{ $labels.cronjob }} has been suspended for an hour; somebody may have forgotten it.',
  },
];

/** Empty without backups, or without an exporter that reports them. */
export const backupGroups = (scope: RuleScope): readonly RuleGroup[] =>
  scope.config.backups.enabled && runs(scope, KUBE_STATE_METRICS)
    ? [{ name: 'backups', recordings: expected(scope), alerts: alerts(scope) }]
    : [];
