/** Takes backups of databases now, with the Jobs that run every night. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf, zonesOf } from '../../charts/constructs/names.ts';
import { type Backup, backupFrom, type DatabaseOfService, databasesOf } from '../core/backup.ts';
import { Failure } from '../core/failure.ts';
import { type CronJob, jobFrom, jobSuffix } from '../core/jobs.ts';
import { deployedRelease, manifestsOf, releaseOf } from '../core/release.ts';
import { inParallel } from '../tools/parallel.ts';
import { findCronJob, runJob } from './jobs.ts';
import { saveRedis } from './redis-data.ts';
import { readRecords } from './releases.ts';
import { existingSecrets } from './secrets.ts';
import type { Target } from './target.ts';

const SUMS = 'SHA256SUMS';

/** The owner of an external Redis saves its data. */
export const savesRedis = ({ redis }: Config): boolean => redis.engine === 'statefulset';

/**
 * @returns names of the files: the snapshot of our own Redis, `secrets.json`, and `release.json` when a release is recorded.
 */
export async function saveRest(
  target: Target,
  folder: string,
  report: (text: string) => void,
): Promise<readonly string[]> {
  report('Redis');
  const snapshots = savesRedis(target.config) ? [await saveRedis(target, folder, report)] : [];
  report('names of the Secrets, and the release');
  await writeJson(folder, 'secrets.json', await secretNames(target));
  const release = await released(target);
  if (release) await writeJson(folder, 'release.json', release);
  return [...snapshots, 'secrets.json', ...(release ? ['release.json'] : [])];
}

/** The platform's Secrets and their keys, without values: a restore into another cluster needs the list. */
async function secretNames({
  kubectl,
  config,
}: Target): Promise<Readonly<Record<string, readonly string[]>>> {
  const namespaces = zonesOf(config).map((zone) => namespaceOf(config, zone));
  const found = [...(await existingSecrets(kubectl))].filter(([id]) =>
    namespaces.includes(id.slice(0, id.indexOf('/'))),
  );
  return Object.fromEntries(found.toSorted(([a], [b]) => a.localeCompare(b)));
}

async function released(target: Target): Promise<object | undefined> {
  const records = await readRecords(target);
  const running = deployedRelease(records.map(releaseOf));
  const record = records.find((one) => releaseOf(one).revision === running?.revision);
  return record && { release: running, manifests: manifestsOf(record) };
}

const writeJson = (folder: string, name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);

/** Writes the checksums of all files of the folder, in the format of `sha256sum --check`. */
export async function writeSums(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== SUMS).sort();
  const lines: string[] = [];
  for (const name of names) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, name)), hash);
    lines.push(`${hash.digest('hex')}  ${name}\n`);
  }
  await writeFile(join(folder, SUMS), lines.join(''));
}

/** Parallel Jobs: each reads a whole database. */
const CONCURRENT = 3;

/** Receives the progress of each service. */
export type Report = (service: string, text: string) => void;

type BackupTarget = Pick<Target, 'config' | 'services' | 'kubectl'>;

/**
 * Backs up each database to its backup volume, and returns when all backups are complete.
 *
 * @param services names of services. @default every database the cluster has a backup Job for
 * @throws Failure naming the database, with the line of the Job's log that says why.
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
