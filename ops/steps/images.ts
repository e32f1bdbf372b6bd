/** Images: which of ours to build, and which of all to bring into the nodes. */
import { serviceImage } from '../../charts/config/images.ts';
import type { ImageBuild } from '../core/build-plan.ts';
import { imagesOf, podContainers, stale, toLoad } from '../core/images.ts';
import type { KubeObject } from '../core/objects.ts';
import { hasDockerfile, localImages } from '../tools/docker.ts';
import { loadImages, nodeImages, nodes } from '../tools/kind.ts';
import type { Target } from './target.ts';

export interface BuildList {
  readonly builds: readonly ImageBuild[];
  /** Images of ours nobody can build here: they must come from a registry. */
  readonly withoutDockerfile: readonly ImageBuild[];
}

export function buildList({ config, services }: Target): BuildList {
  const all = services.map((spec) => ({
    image: spec.image ?? spec.name,
    reference: serviceImage(config, spec),
  }));
  return {
    builds: all.filter(hasDockerfile),
    withoutDockerfile: all.filter((build) => !hasDockerfile(build)),
  };
}

/** Loads what the local Docker has and a node lacks, in one go; returns the references. */
export async function bringImages(objects: readonly KubeObject[]): Promise<readonly string[]> {
  const local = await localImages(imagesOf(objects));
  const lacking = await Promise.all(
    (await nodes()).map(async (node) => toLoad(local, await nodeImages(node))),
  );
  const missing = [...new Set(lacking.flat())];
  if (missing.length > 0) await loadImages(missing);
  return missing;
}

/**
 * Restarts Deployments whose pods run an image that was built anew under the same tag; returns their names. The
 * restart is an annotation of another field manager: an apply neither sees nor undoes it.
 */
export async function restartStale(
  { kubectl, config }: Target,
  fresh: ReadonlySet<string>,
): Promise<readonly string[]> {
  const [node = ''] = await nodes();
  const [pods, images] = await Promise.all([
    kubectl.pods(podContainers, config.environment),
    nodeImages(node),
  ]);
  const names = stale(pods, images).filter((name) => !fresh.has(name));
  for (const name of names) {
    const [namespace = '', deployment = ''] = name.split('/');
    await kubectl.output(['rollout', 'restart', `deployment/${deployment}`, `--namespace=${namespace}`]);
  }
  return names;
}
