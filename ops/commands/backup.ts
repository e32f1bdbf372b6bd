import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Backup,
  bytesText,
  type Comparison,
  chooseBackup,
  type DatabaseOfService,
  databasesOf,
  type StoredBackup,
  stamp,
  takenAt,
} from '../core/backup.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { age } from '../core/status.ts';
import { backupDatabases, saveRest, savesRedis, writeSums } from '../steps/backup.ts';
import type { Target } from '../steps/target.ts';
import { fetchBackup, listBackups, verifyBackup } from '../steps/volume.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type ClusterOptions, targetOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions {
  readonly list?: boolean;
  readonly all?: boolean;
  readonly existing?: string;
  readonly verify?: boolean;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** A backup, and what the command did with it. */
interface Row {
  readonly service: string;
  readonly id: string;
  readonly bytes: number;
  readonly tables: number;
  /** Seconds the backup took. @default it existed before */
  readonly seconds?: number;
  /** @default the backup was not verified */
  readonly verified?: Comparison;
  /** Files on this machine. @default none were downloaded */
  readonly files?: readonly string[];
}

export const backup = withCluster(
  verb(
    'backup',
    'take a backup of databases now, into the backup volumes of the cluster',
    './platform backup security --verify --out backups',
  )
    .argument('[services...]', 'services whose databases are meant (default: all)')
    .option(
      '--all',
      'everything into a folder: databases, Redis, which Secrets there are (names, no values), the release',
    )
    .option('--list', 'list the backups there are instead of taking one')
    .option('--existing <id>', 'verify or fetch this backup (or its time, or "latest") instead of taking one')
    .option('--verify', 'check the sums, restore into a scratch database and compare every table')
    .option('--out <dir>', 'fetch the files into this folder as well')
    .option('--dry-run', 'show what would be done')
    .option('--json', 'print the result as JSON'),
).action(async (services: readonly string[], options: Options) => {
  const target = await targetOf(options);
  const due = databasesOf('backup', target.config, target.services, services);
  if (options.all) return everything(target, services, due, options);
  if (options.existing && options.existing !== 'latest' && due.length !== 1)
    throw new Failure(`backup: --existing "${options.existing}" is of one service`, 'name that service');
  if (options.dryRun) return dryRun(due, options);
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  if (options.list) return list(await listBackups(target, due), options);
  if (options.out) makeFolder(options.out);
  const rows = options.existing
    ? await existing(target, due, options.existing, options)
    : await take(target, services.length > 0 ? services : undefined, due, options);
  print(await verifiedAndFetched(target, due, rows, options), options);
});

async function verifiedAndFetched(
  target: Target,
  due: readonly DatabaseOfService[],
  rows: readonly Row[],
  options: Options,
): Promise<readonly Row[]> {
  const verified = options.verify ? await verifyAll(target, due, rows, options) : rows;
  return options.out ? fetchAll(target, due, verified, options.out, options) : verified;
}

/** Databases, Redis and everything else a new cluster needs, in a folder of its own. */
async function everything(
  target: Target,
  services: readonly string[],
  due: readonly DatabaseOfService[],
  options: Options,
): Promise<void> {
  if (services.length > 0 || options.list || options.existing)
    throw new Failure(
      'backup: --all is a new backup of everything',
      'leave services, --list and --existing out',
    );
  const { environment } = target.config;
  const folder = options.out ?? join('backups', `${environment}-${stamp(new Date())}`);
  if (options.dryRun) {
    dryRun(due, { ...options, out: folder });
    if (!options.json) line(`would save ${restOf(target)} into ${folder}`);
    return;
  }
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  makeFolder(folder);
  const rows = await take(target, undefined, due, options);
  const fetched = await verifiedAndFetched(target, due, rows, { ...options, out: folder });
  const files = await showing(options, {
    title: `Save ${restOf(target)}`,
    work: async (say) => {
      const names = await saveRest(target, folder, say);
      await writeSums(folder);
      return names;
    },
  });
  if (options.json) {
    json({ folder, databases: fetched, files });
    return;
  }
  printRows(fetched);
  for (const file of files) line(`fetched ${file}`);
  const tool = process.platform === 'darwin' ? 'shasum --algorithm 256' : 'sha256sum';
  line(`\nAll of it is in ${folder}; sums: (cd ${folder} && ${tool} --check SHA256SUMS)`);
}

const restOf = ({ config }: Target): string =>
  savesRedis(config)
    ? 'Redis, the names of the Secrets and the release'
    : 'the names of the Secrets and the release (not Redis: redis.engine is external)';

function dryRun(due: readonly DatabaseOfService[], options: Options): void {
  const action = (one: DatabaseOfService): string =>
    options.existing
      ? `take ${options.existing} of volume ${one.backup}`
      : `dump ${one.database} into volume ${one.backup}`;
  const then = [options.verify ? 'verify it' : '', options.out ? `fetch it into ${options.out}` : ''].filter(
    Boolean,
  );
  const plan = due.map((one) => ({ ...one, actions: [action(one), ...then] }));
  if (options.json) json(plan);
  else for (const { actions } of plan) line(`would ${actions.join(', ')}`);
}

const take = (
  target: Target,
  services: readonly string[] | undefined,
  due: readonly DatabaseOfService[],
  options: Options,
): Promise<readonly Backup[]> =>
  showing(options, {
    title: `Back up ${due.map(({ service }) => service).join(', ')}`,
    work: (say) => backupDatabases(target, services, (service, text) => say(`${service}: ${text}`)),
  });

async function existing(
  target: Target,
  due: readonly DatabaseOfService[],
  wanted: string,
  options: Options,
): Promise<readonly Row[]> {
  const stored = await showing(options, {
    title: 'List the backups',
    work: () => listBackups(target, due),
  });
  return due.map(({ service }) => {
    const own = stored.filter((one) => one.service === service);
    const { id, bytes: size, tables } = chooseBackup('backup', service, own, wanted);
    return { service, id, bytes: size, tables };
  });
}

const databaseOfRow = (due: readonly DatabaseOfService[], { service }: Row): DatabaseOfService => {
  const found = due.find((one) => one.service === service);
  if (!found) throw new Failure(`backup: ${service} has no database`);
  return found;
};

async function verifyAll(
  target: Target,
  due: readonly DatabaseOfService[],
  rows: readonly Row[],
  options: Options,
): Promise<readonly Row[]> {
  const done: Row[] = [];
  for (const row of rows) {
    const verified = await showing(options, {
      title: `Verify ${row.id}`,
      work: (say) => verifyBackup(target, databaseOfRow(due, row), row.id, say),
    });
    done.push({ ...row, verified });
  }
  return done;
}

async function fetchAll(
  target: Target,
  due: readonly DatabaseOfService[],
  rows: readonly Row[],
  folder: string,
  options: Options,
): Promise<readonly Row[]> {
  const done: Row[] = [];
  for (const row of rows) {
    const files = await showing(options, {
      title: `Fetch ${row.id}`,
      work: (say) => fetchBackup(target, databaseOfRow(due, row), row, folder, say),
    });
    done.push({ ...row, files });
  }
  return done;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Failure(`--out: "${folder}" cannot be made (${messageOf(error)})`, 'name a folder');
  }
}

function list(stored: readonly StoredBackup[], options: Options): void {
  if (options.json) json(stored);
  else printList(stored);
}

function printList(stored: readonly StoredBackup[]): void {
  const ageOf = (time: string): string => age(Math.round((Date.now() - Date.parse(time)) / 1000));
  table(
    ['service', 'id', 'origin', 'verified', 'age', 'size', 'tables'],
    stored.map((one) => [
      one.service,
      one.id,
      one.origin,
      one.verifiedAt ? `${ageOf(one.verifiedAt)} ago` : 'never',
      ageOf(one.takenAt),
      bytesText(one.bytes),
      one.tables,
    ]),
    4,
  );
  line(`\n${stored.length} backups, ${bytesText(stored.reduce((sum, one) => sum + one.bytes, 0))}`);
}

function print(rows: readonly Row[], options: Options): void {
  if (options.json) json(rows);
  else if (rows.length === 0) line('The cluster has no database to back up.');
  else printRows(rows);
}

function printRows(rows: readonly Row[]): void {
  const ageOf = ({ id }: Row): string => age(Math.round((Date.now() - takenAt(id).getTime()) / 1000));
  table(
    ['service', 'id', 'age', 'size', 'tables', 's'],
    rows.map((one) => [one.service, one.id, ageOf(one), bytesText(one.bytes), one.tables, one.seconds ?? '']),
    2,
  );
  for (const { id, verified } of rows) if (verified) printComparison(id, verified);
  for (const file of rows.flatMap(({ files = [] }) => files)) line(`fetched ${file}`);
}

/** What a restore brought back, table by table. */
export function printComparison(id: string, { tables, ageSeconds, restoredInSeconds }: Comparison): void {
  line(`\n${id}:`);
  table(
    ['table', 'content', 'rows backed up', 'rows restored'],
    tables.map(({ name, verdict, backedUp, restored }) => [name, verdict, backedUp, restored]),
    2,
  );
  line(`Restored in ${restoredInSeconds} s; the data is ${age(ageSeconds)} old.`);
}
