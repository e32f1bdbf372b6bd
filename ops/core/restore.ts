/** The stored state of a restore, and how to continue one that did not end. */
import { z } from 'zod';
import { restoreOf } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

/**
 * Formats that can be imported: pg_dump's custom format, SQL, or PostgreSQL's data directory as a folder or a tar
 * archive.
 */
export type ImportKind = 'custom' | 'plain' | 'data';

/** Major version of the platform's PostgreSQL, which reads only data directories of that version. */
export const POSTGRES_MAJOR = '15';

const NEXT = 'dump it with the pg_dump of its own version and import the dump';

/** @throws Failure when the data directory is of another major version. */
export function checkVersion(path: string, version: string): void {
  const found = version.trim();
  if (found !== POSTGRES_MAJOR)
    throw new Failure(
      `import: "${path}" is a data directory of PostgreSQL ${found || 'without a version'}, expected ${POSTGRES_MAJOR}`,
      NEXT,
    );
}

const CUSTOM_MAGIC = 'PGDMP';
const GZIP_MAGIC = '\u001f\u008b';
/** The marker of a tar archive, and its offset. */
const TAR_MAGIC = { at: 257, text: 'ustar' } as const;

export type FileKind = 'custom' | 'plain' | 'tar' | 'tar.gz';

/**
 * @param head the first 512 bytes of a file, as Latin-1.
 * @throws Failure for a file of no importable kind.
 */
export function kindOfFile(path: string, head: string): FileKind {
  if (head.startsWith(CUSTOM_MAGIC)) return 'custom';
  if (head.startsWith(GZIP_MAGIC)) return 'tar.gz';
  if (head.startsWith(TAR_MAGIC.text, TAR_MAGIC.at)) return 'tar';
  if (head.trim() !== '' && !head.includes('\0')) return 'plain';
  throw new Failure(
    `import: "${path}" is ${head === '' ? 'empty' : 'neither a dump nor an archive'}`,
    'expected a file of pg_dump (custom format or SQL), or a data directory as a folder or tar archive',
  );
}

/**
 * The folder in an archive that is the data directory: the one whose PG_VERSION lies beside `global` and `base`.
 *
 * @param entries paths as tar lists them.
 * @returns the path up to it, such as `.` or `var/lib/postgresql/data/`.
 */
export function dataRoot(path: string, entries: readonly string[]): string {
  const names = new Set(entries);
  const root = entries
    .filter((entry) => entry.endsWith('PG_VERSION'))
    .map((entry) => entry.slice(0, -'PG_VERSION'.length))
    .toSorted((a, b) => a.length - b.length)
    .find((folder) => names.has(`${folder}global/pg_control`));
  if (root === undefined)
    throw new Failure(
      `import: "${path}" holds no PostgreSQL data directory`,
      'expected one with PG_VERSION and global/pg_control in it',
    );
  if (names.has(`${root}postmaster.pid`)) throw inUse(path);
  return root;
}

/** A copy made while a server writes the files is unusable. */
export const inUse = (path: string): Failure =>
  new Failure(
    `import: "${path}" holds postmaster.pid: a server uses it, or was killed`,
    'stop that server in peace, such as with docker compose stop, and copy again',
  );

/**
 * The state from which a killed restore resumes. The cluster stores it from before the service stops until
 * the service runs again.
 */
export interface RestoreState {
  /** Distinguishes this restore from others of the same backup. */
  readonly run: string;
  /** Id of the backup that is restored. */
  readonly backup: string;
  /** Replicas of the service before it was stopped. */
  readonly replicas: number;
  /** ISO 8601. */
  readonly begunAt: string;
  /** Id of the safety backup. @default not taken yet */
  readonly safety?: string;
}

const stateObject = z.looseObject({
  data: z.looseObject({
    run: z.string(),
    backup: z.string(),
    replicas: z.coerce.number().int().min(0),
    begunAt: z.string(),
    safety: z.string().optional(),
  }),
});

/** The ConfigMap of the state. It has no inventory label, so it is never pruned. */
export const stateManifest = (namespace: string, service: string, state: RestoreState): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: restoreOf(service),
    namespace,
    labels: { 'app.kubernetes.io/part-of': 'ai-assistants', 'app.kubernetes.io/managed-by': 'platform' },
  },
  data: { ...state, replicas: String(state.replicas) },
});

export const stateSchema = stateObject.transform(({ data }): RestoreState => {
  const { run, backup, replicas, begunAt, safety } = data;
  return { run, backup, replicas, begunAt, ...(safety ? { safety } : {}) };
});

/**
 * The backup to restore when an earlier restore did not finish.
 *
 * @throws Failure for another backup: the unfinished restore comes first.
 */
export function backupToRestore(service: string, wanted: string, begun: RestoreState | undefined): string {
  if (!begun || wanted === 'latest' || begun.backup === wanted || begun.backup.endsWith(`-${wanted}`))
    return begun?.backup ?? wanted;
  throw new Failure(
    `restore: one of ${service} from ${begun.backup} was begun at ${begun.begunAt} and has not ended`,
    `end it first with ./platform restore ${service} --from ${begun.backup}`,
  );
}

/** Manual steps after the restore of a service's database. */
const AFTERWARDS: Readonly<Record<string, (namespace: string, id: string) => string>> = {
  security: (namespace, id) =>
    `The audit log signs no more until the gap is sealed with a reason: kubectl exec --namespace ${namespace} deploy/security -- python -m security seal 'restored from ${id}'`,
};

export function nextStep(service: string, namespace: string, id: string): string | undefined {
  return AFTERWARDS[service]?.(namespace, id);
}
