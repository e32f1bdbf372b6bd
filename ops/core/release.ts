/** Releases in the cluster: one ConfigMap each, with the applied manifests and the outcome. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { type KubeObject, kubeObject } from './objects.ts';

/** Label of every release, with the environment. No inventory label: releases are never pruned. */
export const RELEASE_LABEL = 'ai-assistants/release';
/** Releases to keep; recording a new one deletes older ones. */
export const KEPT_RELEASES = 10;
/** The largest object the API server accepts, less room for its own fields. */
const MAX_BYTES = 2 ** 20 - 16_384;

const migration = z.object({
  /** Schema revision before; null when there was no schema. */
  before: z.string().nullable(),
  after: z.string(),
  /** Whether the previous release works with the new schema. */
  backwardCompatible: z.boolean(),
});
export type Migration = z.output<typeof migration>;

/** `pending`: running or aborted; `superseded`: deployed until a later release replaced it. */
export const RELEASE_STATUSES = ['pending', 'deployed', 'superseded', 'failed', 'rolled back'] as const;

const releaseInfo = z.object({
  revision: z.int().min(1),
  environment: z.string(),
  status: z.enum(RELEASE_STATUSES),
  /** The operation, such as `deploy` or `rollback to 3`. */
  action: z.string(),
  startedAt: z.string(),
  seconds: z.number().optional(),
  /** Commit of the manifests' sources; `-dirty` when files differed from it. */
  source: z.string(),
  images: z.array(z.string()),
  overrides: z.array(z.record(z.string(), z.unknown())),
  /** SHA-256 of the manifests. */
  digest: z.string(),
  changes: z.object({ created: z.int(), updated: z.int(), pruned: z.int() }),
  /** By service. */
  migrations: z.record(z.string(), migration),
  /** Ids of the backups before the release, by service. */
  backups: z.record(z.string(), z.string()),
  /** For each service whose database was restored: the revision that the restore undid. */
  restored: z.record(z.string(), z.int()),
  /** Why it failed. */
  reason: z.string().optional(),
});
export type Release = z.output<typeof releaseInfo>;

export const releaseRecord = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  data: z.looseObject({ release: z.string() }),
  binaryData: z.looseObject({ manifests: z.string() }),
});
export type ReleaseRecord = z.output<typeof releaseRecord>;

export const releaseName = (revision: number): string => `release-${revision}`;

export const digestOf = (objects: readonly KubeObject[]): string =>
  createHash('sha256').update(JSON.stringify(objects)).digest('hex');

/** @throws Failure when the record would contain a Secret, or exceed the API server's size limit. */
export function recordManifest(namespace: string, release: Release, objects: readonly KubeObject[]): object {
  const secret = objects.find(({ kind }) => kind === 'Secret');
  if (secret)
    throw new Failure(
      `release: Secret "${secret.metadata.name}" is among the manifests`,
      'a record of a release must hold none',
    );
  const manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: releaseName(release.revision),
      namespace,
      labels: {
        [RELEASE_LABEL]: release.environment,
        'app.kubernetes.io/part-of': 'ai-assistants',
        'app.kubernetes.io/managed-by': 'platform',
      },
    },
    data: { release: JSON.stringify(release) },
    binaryData: { manifests: gzipSync(JSON.stringify(objects), { level: 9 }).toString('base64') },
  };
  const bytes = Buffer.byteLength(JSON.stringify(manifest));
  if (bytes > MAX_BYTES)
    throw new Failure(
      `release: its record has ${bytes} bytes, compressed`,
      `Kubernetes takes ${MAX_BYTES} at most`,
    );
  return manifest;
}

export const releaseOf = ({ data }: ReleaseRecord): Release => releaseInfo.parse(JSON.parse(data.release));

/** The manifests of a record. @throws Failure when they differ from the recorded digest. */
export function manifestsOf(record: ReleaseRecord): readonly KubeObject[] {
  const { digest, revision } = releaseOf(record);
  const text = gunzipSync(Buffer.from(record.binaryData.manifests, 'base64')).toString();
  if (createHash('sha256').update(text).digest('hex') !== digest)
    throw new Failure(
      `release ${revision}: its manifests differ from their digest`,
      'roll back to another one, or deploy',
    );
  return z.array(kubeObject).parse(JSON.parse(text));
}

export const nextRevision = (releases: readonly Release[]): number =>
  Math.max(0, ...releases.map(({ revision }) => revision)) + 1;

/** The running release, according to the records. */
export const deployedRelease = (releases: readonly Release[]): Release | undefined =>
  newestFirst(releases).find(({ status }) => status === 'deployed');

export const newestFirst = (releases: readonly Release[]): readonly Release[] =>
  releases.toSorted((a, b) => b.revision - a.revision);

/** Revisions to delete; never the running one. */
export const expired = (releases: readonly Release[], kept = KEPT_RELEASES): readonly number[] =>
  newestFirst(releases)
    .slice(kept)
    .filter(({ status }) => status !== 'deployed')
    .map(({ revision }) => revision);

/**
 * The release to roll back to.
 *
 * @param revision number of a release. @default the newest earlier one that differs from the running one
 * @throws Failure when there is none, or when that release never ran or is running.
 */
export function rollbackTarget(
  environment: string,
  releases: readonly Release[],
  revision: number | undefined,
): Release {
  const current = deployedRelease(releases);
  const candidates = newestFirst(releases).filter(
    ({ status, digest }) => status === 'superseded' && digest !== current?.digest,
  );
  const known = `see ./platform history ${environment}`;
  if (revision === undefined) {
    const [target] = candidates;
    if (!target) throw new Failure(`rollback: ${environment} has no earlier release`, known);
    return target;
  }
  const named = releases.find((release) => release.revision === revision);
  if (!named) throw new Failure(`rollback: "${revision}" is no release of ${environment}`, known);
  if (named.digest === current?.digest)
    throw new Failure(`rollback: release ${revision} is what ${environment} runs`, known);
  if (named.status !== 'superseded')
    throw new Failure(`rollback: release ${revision} never ran (${named.status})`, known);
  return named;
}

/** A migration that an earlier release's manifests cannot work with. */
export interface Obstacle {
  readonly service: string;
  /** The release that migrated. */
  readonly revision: number;
  readonly migration: Migration;
  /** Id of the backup before that release. */
  readonly backup: string | undefined;
}

/**
 * The migrations that prevent a rollback to an earlier release: for each service the oldest later one that is not
 * backward compatible and was not undone by a restore.
 */
export function obstacles(releases: readonly Release[], target: Release): readonly Obstacle[] {
  const since = newestFirst(releases).filter(({ revision }) => revision > target.revision);
  const services = [...new Set(since.flatMap(({ migrations }) => Object.keys(migrations)))].toSorted();
  return services.flatMap((service) => obstacleOf(service, since) ?? []);
}

function obstacleOf(service: string, since: readonly Release[]): Obstacle | undefined {
  let found: Obstacle | undefined;
  let restoredBefore = Number.POSITIVE_INFINITY;
  for (const { revision, migrations, backups, restored } of since) {
    const one = migrations[service];
    if (one && !one.backwardCompatible && revision < restoredBefore)
      found = { service, revision, migration: one, backup: backups[service] };
    restoredBefore = Math.min(restoredBefore, restored[service] ?? restoredBefore);
  }
  return found;
}
