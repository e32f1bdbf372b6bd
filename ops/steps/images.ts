/** Which images to build, and which to load into the nodes. */
import { serviceImage } from '../../charts/config/images.ts';
import type { ImageBuild } from '../core/build-plan.ts';
import { builtHere } from '../core/checks.ts';
import { Failure } from '../core/failure.ts';
import { imagesOf, podContainers, stale, stuck, toLoad } from '../core/images.ts';
import type { KubeObject } from '../core/objects.ts';
import { hasDockerfile, localImages } from '../tools/docker.ts';
import type { KindCluster, Unloaded } from '../tools/kind.ts';
import type { Target } from './target.ts';

export interface BuildList {
  readonly builds: readonly ImageBuild[];
  /** The platform's images without a Dockerfile here: a registry must provide them. */
  readonly withoutDockerfile: readonly ImageBuild[];
}

export function buildList({ config, services }: Pick<Target, 'config' | 'services'>): BuildList {
  const all = services.map((spec) => ({
    image: spec.image ?? spec.name,
    reference: serviceImage(config, spec),
    spec,
  }));
  return {
    builds: all.filter(hasDockerfile),
    withoutDockerfile: all.filter((build) => !hasDockerfile(build)),
  };
}

/** What happened to the images the nodes lacked. */
export interface Brought {
  readonly loaded: readonly string[];
  /** Images that the nodes must pull. */
  readonly left: readonly Unloaded[];
}

/**
 * Loads images that the local Docker has and a node lacks.
 *
 * @throws Failure when the command cannot load an image it builds: no registry has that image.
 */
export async function bringImages(
  cluster: KindCluster,
  objects: readonly KubeObject[],
  say: (text: string) => void,
): Promise<Brought> {
  const local = await localImages(imagesOf(objects));
  const references = [...local.keys()];
  const lacking = await Promise.all(
    (await cluster.nodes()).map(async (node) => toLoad(local, await cluster.nodeImages(node, references))),
  );
  const missing = [...new Set(lacking.flat())];
  const left = await cluster.load(missing, say);
  const ours = builtHere(left.map(({ reference }) => reference));
  if (ours.length > 0)
    throw new Failure(
      `not loaded into ${cluster.name}: ${ours.join(', ')} (${left.find(({ reference }) => reference === ours[0])?.reason})`,
      'see kind load docker-image',
    );
  const failed = new Set(left.map(({ reference }) => reference));
  return { loaded: missing.filter((reference) => !failed.has(reference)), left };
}

/** One line for the list of steps. */
export function describeBrought({ loaded, left }: Brought): string {
  const warnings = left.map(({ reference, reason }) => `${reference} is left to the nodes (${reason})`);
  return [`Load images: ${loaded.length} loaded`, ...warnings].join('; ');
}

/**
 * Restarts Deployments whose image was rebuilt under the same tag, and replaces pods that still wait for an
 * image the nodes now have; returns their names. Another field manager owns the restart annotation, so an
 * apply does not undo it.
 */
export async function restartStale(
  { kubectl, config, wanted }: Target,
  cluster: KindCluster,
  fresh: ReadonlySet<string>,
): Promise<readonly string[]> {
  const [node = ''] = await cluster.nodes();
  const [pods, images] = await Promise.all([
    kubectl.pods(podContainers, config.environment),
    cluster.nodeImages(node, imagesOf(wanted)),
  ]);
  const deployments = stale(pods, images).filter((name) => !fresh.has(name));
  for (const deployment of deployments) {
    const [namespace = '', name = ''] = deployment.split('/');
    await kubectl.output(['rollout', 'restart', `deployment/${name}`, `--namespace=${namespace}`]);
  }
  const waiting = stuck(pods, images).map(({ metadata }) => metadata);
  for (const { name, namespace } of waiting)
    await kubectl.output([
      'delete',
      'pod',
      name,
      `--namespace=${namespace}`,
      '--ignore-not-found',
      '--wait=false',
    ]);
  return [...deployments, ...waiting.map(({ name }) => name)];
}
