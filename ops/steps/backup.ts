/** Backups of databases, taken now by the jobs that take them every night. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import { type Backup, backupFrom, type DatabaseOfService, databasesOf } from '../core/backup.ts';
import { Failure } from '../core/failure.ts';
import { type CronJob, jobFrom, jobSuffix } from '../core/jobs.ts';
import { inParallel } from '../tools/parallel.ts';
import { findCronJob, runJob } from './jobs.ts';
import type { Target } from './target.ts';

/** Jobs at once: each reads a whole database. */
const CONCURRENT = 3;

/** Is told how the backup of a service goes. */
export type Report = (service: string, text: string) => void;

type BackupTarget = Pick<Target, 'config' | 'services' | 'kubectl'>;

/**
 * Takes a backup of each database into its backup volume, and returns when all are whole.
 *
 * @param services names of services; without, every database the cluster has a backup job for.
 * @throws Failure naming the database, with the line of the job's log that says why, when one fails.
 */
export async function backupDatabases(
  target: BackupTarget,
  services?: readonly string[],
  report: Report = () => undefined,
): Promise<readonly Backup[]> {
  const databases = databasesOf('backup', target.config, target.services, services);
  const jobs = await Promise.all(
    databases.map(async (one) => ({ one, cronJob: await cronJobOf(target, one) })),
  );
  const due = jobs.flatMap(({ one, cronJob }) => {
    if (!cronJob && services) throw missing(target, one);
    return cronJob ? [{ one, cronJob }] : [];
  });
  return inParallel(due, CONCURRENT, ({ one, cronJob }) => take(target, one, cronJob, report));
}

const cronJobOf = ({ kubectl, config }: BackupTarget, { backup }: DatabaseOfService) =>
  findCronJob(kubectl, namespaceOf(config, 'app'), backup);

const missing = ({ config }: BackupTarget, { backup }: DatabaseOfService): Failure =>
  new Failure(
    `backup: the cluster has no CronJob ${namespaceOf(config, 'app')}/${backup}`,
    'apply the platform first',
  );

async function take(
  { kubectl }: BackupTarget,
  { service }: DatabaseOfService,
  template: CronJob,
  report: Report,
): Promise<Backup> {
  const job = jobFrom(template, { suffix: jobSuffix(new Date()) });
  const { log, seconds } = await runJob(kubectl, job, {
    title: `backup of ${service}`,
    report: (text) => report(service, text),
  });
  const backup = backupFrom(service, log, seconds);
  report(service, backup.id);
  return backup;
}
