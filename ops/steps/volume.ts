/** The backup volumes: their contents, uploads and downloads. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { drillOf } from '../../charts/graph/model.ts';
import {
  BACKUP_FILES,
  bytesText,
  type Comparison,
  checkRoom,
  comparisonFrom,
  type DatabaseOfService,
  idOfFile,
  type StoredBackup,
  storedFrom,
} from '../core/backup.ts';
import { Failure } from '../core/failure.ts';
import { type CronJob, jobFrom, jobSuffix } from '../core/jobs.ts';
import { inParallel } from '../tools/parallel.ts';
import { download, upload } from '../tools/transfer.ts';
import { needCronJob, runJob, withPod } from './jobs.ts';
import type { ConfiguredCluster } from './target.ts';

/** Parallel Jobs that only read. */
const CONCURRENT = 5;

/** The Job that reads a volume: it can neither change a backup nor reach the network. */
export const readerOf = (
  { config, kubectl }: ConfiguredCluster,
  { service }: DatabaseOfService,
): Promise<CronJob> => needCronJob(kubectl, namespaceOf(config, 'app'), drillOf(service));

/** The backups of each database, the newest first. */
export async function listBackups(
  target: ConfiguredCluster,
  databases: readonly DatabaseOfService[],
): Promise<readonly StoredBackup[]> {
  const lists = await inParallel(databases, CONCURRENT, async (one) => {
    const job = jobFrom(await readerOf(target, one), {
      suffix: `list-${jobSuffix(new Date())}`,
      command: ['bash', '/scripts/list.sh'],
    });
    const { log } = await runJob(target.kubectl, job, { title: `list of ${one.service}'s backups` });
    return storedFrom(one.service, log);
  });
  return lists.flat();
}

/**
 * Checks the checksums of a backup, restores it into a temporary PostgreSQL and compares every table.
 *
 * @throws Failure that names the damaged file, or says that a table differs.
 */
export async function verifyBackup(
  target: ConfiguredCluster,
  database: DatabaseOfService,
  id: string,
  report: (text: string) => void,
): Promise<Comparison> {
  const job = jobFrom(await readerOf(target, database), {
    suffix: jobSuffix(new Date()),
    env: { BACKUP: id },
  });
  const title = `verification of ${id}`;
  const { log } = await runJob(target.kubectl, job, { title, report });
  return comparisonFrom(title, log);
}

/**
 * Downloads the files of a backup to a local folder and checks their checksums.
 *
 * @throws Failure when the disk is too small or a checksum differs.
 */
export async function fetchBackup(
  target: ConfiguredCluster,
  database: DatabaseOfService,
  backup: { readonly id: string; readonly bytes: number },
  folder: string,
  report: (text: string) => void,
): Promise<readonly string[]> {
  const { bavail, bsize } = await statfs(folder);
  checkRoom('--out', folder, bavail * bsize, backup.bytes);
  const title = `fetching ${backup.id}`;
  return withPod(target.kubectl, await readerOf(target, database), title, async (exec) => {
    const names = BACKUP_FILES.map((ending) => `${backup.id}.${ending}`);
    const sums = new Map<string, string>();
    try {
      for (const name of names) {
        const command = ['bash', '-c', 'exec cat "$(find /backups -name "$1")"', 'cat', name];
        const say = (count: number): void => report(`${name}: ${bytesText(count)}`);
        sums.set(name, await download(target.kubectl, [...exec, ...command], join(folder, name), say));
      }
      await checkSums(join(folder, `${backup.id}.sha256`), sums);
    } catch (error) {
      for (const name of names) await rm(join(folder, name), { force: true });
      throw error;
    }
    return names;
  });
}

/** @param sums checksums of the received files, by name. */
async function checkSums(file: string, sums: ReadonlyMap<string, string>): Promise<void> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const recorded = lines.map((line) => line.split(/\s+\*?/));
  for (const [sum, name = ''] of recorded)
    if (sums.get(name) !== sum)
      throw new Failure(`${name}: damaged, its SHA-256 sum is not the one recorded`, 'fetch another backup');
  if (recorded.length === 0) throw new Failure(`${file}: names no file`, 'fetch another backup');
}

/**
 * Uploads a downloaded backup, under its original id.
 *
 * @param dump path of its dump; the other files lie beside it.
 * @returns its id.
 * @throws Failure when a file is missing or damaged, or belongs to another database.
 */
export async function storeBackup(
  target: ConfiguredCluster,
  database: DatabaseOfService,
  dump: string,
  report: (text: string) => void,
): Promise<string> {
  const id = idOfFile(database.database, basename(dump));
  const files = BACKUP_FILES.map((ending) => join(dirname(dump), `${id}.${ending}`));
  for (const file of files)
    if (!existsSync(file))
      throw new Failure(`restore: "${file}" is missing`, 'a dump alone is for ./platform import');
  const sums = await Promise.all(files.map(async (file) => [basename(file), await sumOf(file)] as const));
  await checkSums(join(dirname(dump), `${id}.sha256`), new Map(sums));
  await withPod(target.kubectl, await readerOf(target, database), `sending ${id}`, async (exec) => {
    // The checksum file is written last: without it a backup is incomplete.
    for (const file of files) {
      const command = [
        'bash',
        '-c',
        'cat >"/inbox/$1.partial.$2" && mv "/inbox/$1.partial.$2" "/inbox/$1.$2"',
      ];
      const ending = file.slice(file.lastIndexOf('.') + 1);
      const say = (count: number): void => report(`${basename(file)}: ${bytesText(count)}`);
      await upload(target.kubectl, [...exec, ...command, 'store', id, ending], file, say);
    }
  });
  return id;
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
