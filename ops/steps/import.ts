/** Makes a backup in the cluster from files from elsewhere; it is restored like any other. */
import { existsSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, backupFrom, backupId, type DatabaseOfService } from '../core/backup.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { checkVersion, dataRoot, type ImportKind, inUse, kindOfFile } from '../core/restore.ts';
import { stdoutOf } from '../tools/run.ts';
import { upload, uploadFolder } from '../tools/transfer.ts';
import { withPod } from './jobs.ts';
import type { ConfiguredCluster, Target } from './target.ts';
import { readerOf } from './volume.ts';

/** Folder in the pod for the uploaded files. */
const SOURCE = '/scratch/source';

/** The kind of the files at a path, and how to upload them. */
export interface Source {
  readonly path: string;
  readonly kind: ImportKind;
  readonly folder: boolean;
  /** Options of tar that unpack it. @default the file is no archive */
  readonly archive?: { readonly root: string; readonly flags: string };
}

/** Detects the kind of the files before any change. @throws Failure for files that cannot be imported. */
export async function inspect(path: string): Promise<Source> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Failure(`import: "${path}" does not exist`, 'name a dump or a data directory');
  try {
    return found.isDirectory() ? await inspectFolder(path) : await inspectFile(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `import: "${path}" cannot be read (${messageOf(error)})`,
      'a volume of Docker is only readable for root',
    );
  }
}

async function inspectFolder(path: string): Promise<Source> {
  const folder = [path, join(path, 'pgdata')].find((one) => existsSync(join(one, 'PG_VERSION'))) ?? path;
  if (!existsSync(join(folder, 'global', 'pg_control')))
    throw new Failure(
      `import: "${path}" is no PostgreSQL data directory`,
      'expected one with PG_VERSION and global/pg_control in it',
    );
  checkVersion(path, await readFile(join(folder, 'PG_VERSION'), 'utf8'));
  if (existsSync(join(folder, 'postmaster.pid'))) throw inUse(path);
  return { path: folder, kind: 'data', folder: true };
}

async function inspectFile(path: string): Promise<Source> {
  const kind = kindOfFile(path, await headOf(path));
  if (kind === 'custom' || kind === 'plain') return { path, kind, folder: false };
  const flags = kind === 'tar.gz' ? 'z' : '';
  const entries = (await stdoutOf('tar', [`-t${flags}f`, path])).split('\n');
  const root = dataRoot(path, entries);
  checkVersion(path, await stdoutOf('tar', [`-xO${flags}f`, path, `${root}PG_VERSION`]));
  return { path, kind: 'data', folder: false, archive: { root, flags } };
}

async function headOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

export interface ImportOptions {
  /** Possible names of the database in the files. */
  readonly names: readonly string[];
  /** Possible owners of the database in the files. */
  readonly roles: readonly string[];
  readonly report: (text: string) => void;
}

/**
 * Uploads the files to a pod without network, loads them into a temporary PostgreSQL there and stores the
 * result as a backup. The live database does not change.
 */
export async function importFiles(
  target: ConfiguredCluster,
  database: DatabaseOfService,
  source: Source,
  { names, roles, report }: ImportOptions,
): Promise<Backup> {
  const { kubectl } = target;
  const id = backupId(database.database, new Date());
  const title = `import for ${database.service}`;
  const started = Date.now();
  return withPod(kubectl, await readerOf(target, database), title, async (exec) => {
    report(`sending ${source.path}`);
    await send(kubectl, exec, source);
    report('reading it');
    const environment = {
      ID: id,
      KIND: source.kind,
      SOURCE: source.kind === 'data' ? `${SOURCE}/${source.archive?.root ?? ''}` : `${SOURCE}/dump`,
      NAMES: names.join(' '),
      ROLES: roles.join(' '),
    };
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const log = await kubectl
      .output([...exec, 'env', ...variables, 'bash', '/scripts/convert.sh'])
      .catch((error: unknown) => {
        throw refused(source.path, error);
      });
    return backupFrom(database.service, log, Math.round((Date.now() - started) / 1000));
  });
}

/** The script's fatal line, without kubectl's text around it. */
function refused(path: string, error: unknown): unknown {
  const [, cause] = /fatal: (.*?)(?: \(and \d+ more lines\))?$/.exec(messageOf(error)) ?? [];
  return cause ? new Failure(`import: "${path}": ${cause}`, 'nothing was changed') : error;
}

async function send(kubectl: Target['kubectl'], exec: readonly string[], source: Source): Promise<void> {
  const unpack = (flags: string): readonly string[] => [
    ...exec,
    'bash',
    '-c',
    `mkdir ${SOURCE} && exec tar -x${flags} --no-same-owner -C ${SOURCE}`,
  ];
  if (source.folder) return uploadFolder(kubectl, unpack(''), source.path);
  if (source.archive) return upload(kubectl, unpack(source.archive.flags), source.path);
  return upload(kubectl, [...exec, 'bash', '-c', `mkdir ${SOURCE} && exec cat >${SOURCE}/dump`], source.path);
}
