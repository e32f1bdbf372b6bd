/** Backups of the databases: their list, and the output of their Jobs. */
import type { Config } from '../../charts/config/schema.ts';
import { databaseOf } from '../../charts/data/database.ts';
import { backupOf, type ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

/** `940 B`, `12.3 kB`, `4.6 MB`: decimal units, as disks are sold. */
export function bytesText(count: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (count < 1000) return `${count} B`;
  let value = count;
  let unit = '';
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}

export interface DatabaseOfService {
  readonly service: string;
  /** Name of the database in this environment. */
  readonly database: string;
  readonly user: string;
  /** Name of its backup's CronJob and volume. */
  readonly backup: string;
}

/** The databases of the named services, or all. @throws Failure for a service without a database. */
export function databasesOf(
  verb: string,
  config: Config,
  services: readonly ServiceSpec[],
  names: readonly string[] = [],
): readonly DatabaseOfService[] {
  if (!config.backups.enabled)
    throw new Failure(`${verb}: backups.enabled is false in ${config.environment}`, 'enable it and apply');
  const all = services.flatMap((spec) =>
    spec.database ? [{ service: spec.name, ...renamed(config, spec), backup: backupOf(spec.name) }] : [],
  );
  const known = all.map(({ service }) => service);
  for (const name of names)
    if (!known.includes(name))
      throw new Failure(`${verb}: "${name}" is no service with a database`, `expected ${known.join(', ')}`);
  return names.length === 0 ? all : all.filter(({ service }) => names.includes(service));
}

function renamed(config: Config, spec: ServiceSpec) {
  const { name, user } = databaseOf(config, spec);
  return { database: name, user };
}

export interface Backup {
  readonly service: string;
  /** Name of its files without ending: the database, and when it was taken in UTC. */
  readonly id: string;
  readonly bytes: number;
  readonly tables: number;
  /** Seconds the backup took. */
  readonly seconds: number;
}

/** Last line of backup.sh and convert.sh: `backup of DATABASE: 123 bytes, 4 tables, /backups/ID.dump`. */
const DONE = /^backup of \S+: (\d+) bytes, (\d+) tables, \/(?:backups|inbox)\/(\S+)\.dump$/m;

/** @throws Failure when the log does not end like a backup's. */
export function backupFrom(service: string, log: string, seconds: number): Backup {
  const [, bytes, tables, id] = DONE.exec(log) ?? [];
  if (!id)
    throw new Failure(
      `backup of ${service}: its job ended without saying what it wrote`,
      'apply the platform again',
    );
  return { service, id, bytes: Number(bytes), tables: Number(tables), seconds };
}

/** A backup in the cluster. */
export interface StoredBackup {
  readonly service: string;
  readonly id: string;
  readonly bytes: number;
  readonly tables: number;
  /** `import`: a person uploaded its data from elsewhere. */
  readonly origin: 'backup' | 'import';
  /** ISO 8601. */
  readonly takenAt: string;
  /** When a restore of it last compared equal, ISO 8601. @default never */
  readonly verifiedAt?: string;
}

/** `backup ID BYTES TABLES ORIGIN VERIFIED`, as list.sh writes; the last is in seconds since 1970, or 0. */
const STORED = /^backup (\S+) (\d+) (\d+) (backup|import) (\d+)$/gm;

/** The backups in a listing, the newest first. */
export function storedFrom(service: string, log: string): readonly StoredBackup[] {
  const found = [...log.matchAll(STORED)].map(
    ([, id = '', bytes, tables, origin, verified]): StoredBackup => ({
      service,
      id,
      bytes: Number(bytes),
      tables: Number(tables),
      origin: origin === 'import' ? 'import' : 'backup',
      takenAt: takenAt(id).toISOString(),
      ...(verified === '0' ? {} : { verifiedAt: new Date(Number(verified) * 1000).toISOString() }),
    }),
  );
  return found.toSorted((a, b) => b.takenAt.localeCompare(a.takenAt));
}

const STAMP = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** The time in a backup's id. @throws Failure when the id does not end with one. */
export function takenAt(id: string): Date {
  const [, year, month, day, hour, minute, second] = STAMP.exec(id) ?? [];
  if (!second) throw new Failure(`backup "${id}": no such form`, 'expected DATABASE-YYYYMMDDTHHMMSSZ');
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** `20260301T021500Z`. */
export const stamp = (now: Date): string => now.toISOString().replaceAll(/[-:]|\.\d+/g, '');

/** The id of a backup of that database taken at `now`. */
export const backupId = (database: string, now: Date): string => `${database}-${stamp(now)}`;

/** The id in the name of a dump file. @throws Failure for another database's dump, or another name. */
export function idOfFile(database: string, name: string): string {
  const id = name.replace(/\.dump$/, '');
  if (!id.startsWith(`${database}-`) || !STAMP.test(id))
    throw new Failure(
      `restore: "${name}" is no backup of ${database}`,
      `expected ${database}-YYYYMMDDTHHMMSSZ.dump; other dumps are for ./platform import`,
    );
  return id;
}

/**
 * The backup with that id, with that time at the end of its id, or the newest for `latest`.
 *
 * @param stored backups of one service, the newest first.
 * @throws Failure that names the existing backups.
 */
export function chooseBackup(
  verb: string,
  service: string,
  stored: readonly StoredBackup[],
  wanted: string,
): StoredBackup {
  const [newest] = stored;
  if (!newest)
    throw new Failure(`${verb}: no backup of ${service}`, `take one with ./platform backup ${service}`);
  if (wanted === 'latest') return newest;
  const found = stored.find(({ id }) => id === wanted || id.endsWith(`-${wanted}`));
  if (!found)
    throw new Failure(
      `${verb}: "${wanted}" is no backup of ${service}`,
      `see ./platform backup ${service} --list (newest: ${newest.id})`,
    );
  return found;
}

export interface ComparedTable {
  readonly name: string;
  /** Rows in the backup. */
  readonly backedUp: number;
  /** Rows after the restore. */
  readonly restored: number;
  /** `equal`, or how rows or content hash differ. */
  readonly verdict: string;
}

export interface Comparison {
  readonly id: string;
  readonly tables: readonly ComparedTable[];
  /** Age of the data, in seconds. */
  readonly ageSeconds: number;
  readonly restoredInSeconds: number;
}

/** `table NAME ROWS ROWS VERDICT`; a name may contain spaces. */
const COMPARED = /^table (.+) (\d+) (\d+) (equal|differs|missing|unexpected)$/gm;
/** The last line of drill.sh and restore.sh. */
const RESTORED = /^restore .*: \d+ tables equal, data (\d+) s old, restored in (\d+) s, (\S+)$/m;

/** @throws Failure when the log does not end like a restore's. */
export function comparisonFrom(title: string, log: string): Comparison {
  const [, ageSeconds, restoredInSeconds, id] = RESTORED.exec(log) ?? [];
  if (!id) throw new Failure(`${title}: its job ended without a result`, 'apply the platform again');
  const tables = [...log.matchAll(COMPARED)].map(([, name = '', backedUp, restored, verdict = '']) => ({
    name,
    backedUp: Number(backedUp),
    restored: Number(restored),
    verdict,
  }));
  return { id, tables, ageSeconds: Number(ageSeconds), restoredInSeconds: Number(restoredInSeconds) };
}

/** Endings of a backup's files. */
export const BACKUP_FILES = ['dump', 'tables', 'sha256'] as const;

/** Bytes that must stay free on a machine's disk. */
const SPARE_BYTES = 64_000_000;

/** @throws Failure when the folder's disk has too little room. */
export function checkRoom(option: string, folder: string, free: number, needed: number): void {
  if (free < needed + SPARE_BYTES)
    throw new Failure(
      `${option}: "${folder}" has ${bytesText(free)} free, ${bytesText(needed)} are needed and ${bytesText(SPARE_BYTES)} to spare`,
      'name another folder',
    );
}
