import { backupOf, drillOf } from '../../../charts/graph/model.ts';
import { type CasesOf, type Series, still } from './model.ts';

const SERVICES = ['ai-assistant', 'onec-integration', 'user-management', 'analytics', 'security'];
const NS = 'namespace="assistants"';

const BACKUP = `${NS},cronjob="backup-security"`;
const DRILL = `${NS},cronjob="restore-drill-security"`;
const backup = { labels: { cronjob: 'backup-security' } };
const drill = { labels: { cronjob: 'restore-drill-security' } };
/** The times of a job's last start and last success. @param succeeded undefined when it never succeeded. */
const lastRun = (job: string, started: number, succeeded?: number): Series => ({
  [`kube_cronjob_status_last_schedule_time{${job}}`]: still(started),
  ...(succeeded === undefined
    ? {}
    : { [`kube_cronjob_status_last_successful_time{${job}}`]: still(succeeded) }),
});
/** Every CronJob of backups and drills, except one. */
const cronjobs = (without?: string): Series =>
  Object.fromEntries(
    SERVICES.flatMap((name) => [backupOf(name), drillOf(name)])
      .filter((name) => name !== without)
      .map((name) => [`kube_cronjob_info{${NS},cronjob="${name}"}`, still(1)]),
  );
const SEEN = 'up{job="kube-state-metrics"}';

export const backups: CasesOf = {
  BackupFailed: {
    fires: [
      {
        at: '90m',
        every: '10m',
        series: lastRun(BACKUP, 0, -86_400),
        alerts: [{ ...backup, value: '1h 30m 0s' }],
      },
      { at: '90m', every: '10m', series: lastRun(BACKUP, 0), alerts: [{ ...backup, value: '1h 30m 0s' }] },
    ],
    quiet: [
      { at: '90m', every: '10m', series: lastRun(BACKUP, 0, 60) },
      // The backup still runs.
      { at: '30m', every: '10m', series: lastRun(BACKUP, 0, -86_400) },
    ],
  },
  BackupNotStarted: {
    fires: {
      at: '90m',
      every: '10m',
      series: { [`kube_cronjob_next_schedule_time{${BACKUP}}`]: still(0) },
      alerts: [{ ...backup, value: '1h 30m 0s' }],
    },
    quiet: {
      at: '90m',
      every: '10m',
      series: { [`kube_cronjob_next_schedule_time{${BACKUP}}`]: still(86_400) },
    },
  },
  RestoreDrillFailed: {
    fires: {
      at: '90m',
      every: '10m',
      series: lastRun(DRILL, 0, -604_800),
      alerts: [{ ...drill, value: '1h 30m 0s' }],
    },
    quiet: { at: '90m', every: '10m', series: lastRun(DRILL, 0, 300) },
  },
  RestoreDrillLate: {
    fires: {
      at: '90m',
      every: '10m',
      series: { [`kube_cronjob_next_schedule_time{${DRILL}}`]: still(0) },
      alerts: [{ ...drill, value: '1h 30m 0s' }],
    },
    quiet: {
      at: '90m',
      every: '10m',
      series: { [`kube_cronjob_next_schedule_time{${DRILL}}`]: still(604_800) },
    },
  },
  BackupJobMissing: {
    fires: {
      at: '20m',
      every: '10m',
      series: { ...cronjobs('backup-security'), [SEEN]: still(1) },
      alerts: [{ labels: { cronjob: 'backup-security', service: 'security', task: 'backup' } }],
    },
    quiet: [
      { at: '20m', every: '10m', series: { ...cronjobs(), [SEEN]: still(1) } },
      // No exporter reports; another alert says so.
      { at: '20m', every: '10m', series: { [SEEN]: still(0) } },
    ],
  },
  BackupSuspended: {
    fires: {
      at: '90m',
      every: '10m',
      series: { [`kube_cronjob_spec_suspend{${BACKUP}}`]: still(1) },
      alerts: [backup],
    },
    quiet: { at: '90m', every: '10m', series: { [`kube_cronjob_spec_suspend{${BACKUP}}`]: '1+0x40 0+0x90' } },
  },
};
