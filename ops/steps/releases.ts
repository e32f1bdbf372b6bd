/** Reads, writes and deletes the records of releases in the cluster. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { KubeObject } from '../core/objects.ts';
import {
  expired,
  RELEASE_LABEL,
  type Release,
  type ReleaseRecord,
  recordManifest,
  releaseName,
  releaseOf,
  releaseRecord,
} from '../core/release.ts';
import type { ConfiguredCluster } from './target.ts';

const inNamespace = ({ config }: ConfiguredCluster): string => `--namespace=${namespaceOf(config, 'app')}`;

/** Every record of the environment; none when its namespace does not exist. */
export function readRecords(place: ConfiguredCluster): Promise<readonly ReleaseRecord[]> {
  const selector = `--selector=${RELEASE_LABEL}=${place.config.environment}`;
  return place.kubectl.objects(releaseRecord, ['get', 'configmaps', inNamespace(place), selector]);
}

export const readReleases = async (place: ConfiguredCluster): Promise<readonly Release[]> =>
  (await readRecords(place)).map(releaseOf);

/** Writes a new record. @throws Failure when that revision exists. */
export async function createRecord(
  { config, kubectl }: ConfiguredCluster,
  release: Release,
  objects: readonly KubeObject[],
): Promise<void> {
  await kubectl.create([recordManifest(namespaceOf(config, 'app'), release, objects)]);
}

/** Records a release's outcome, even after an interruption. The recorded manifests do not change. */
export async function updateRecord({ config, kubectl }: ConfiguredCluster, release: Release): Promise<void> {
  const metadata = { name: releaseName(release.revision), namespace: namespaceOf(config, 'app') };
  const data = { release: JSON.stringify(release) };
  await kubectl.tidying.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }]);
}

/** Deletes records that are too old for a rollback. */
export async function forgetExpired(place: ConfiguredCluster, releases: readonly Release[]): Promise<void> {
  const names = expired(releases).map(releaseName);
  if (names.length > 0)
    await place.kubectl.tidy(['delete', 'configmap', ...names, inNamespace(place), '--ignore-not-found']);
}
