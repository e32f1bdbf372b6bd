/** Builds, weighs and pushes the images of the services, and loads images into the nodes. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { serviceImage } from '../../charts/config/images.ts';
import {
  type BuildxOptions,
  digestOf,
  dockerfileOf,
  type ImageBuild,
  type Pushed,
} from '../core/build-plan.ts';
import { builtHere } from '../core/checks.ts';
import { Failure } from '../core/failure.ts';
import { baseOf, imagesOf, megabytes, podContainers, stale, stuck, toLoad } from '../core/images.ts';
import type { KubeObject } from '../core/objects.ts';
import { ROOT } from '../core/paths.ts';
import { buildImage, compressedSize, hasDockerfile, localImages } from '../tools/docker.ts';
import type { KindCluster, Unloaded } from '../tools/kind.ts';
import { run, stdoutOf } from '../tools/run.ts';
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

/** Size of an image. */
export interface Weight {
  /** MB (10^6 bytes), compressed. */
  readonly megabytes: number;
  /** Undefined where the base image is not local. */
  readonly megabytesAboveBase?: number;
  /** Largest MB in the topology. */
  readonly maxMegabytes?: number;
}

/** A built image; its weight is known only when it was loaded. */
export interface Built extends Partial<Weight> {
  readonly image: string;
  readonly reference: string;
  /** Seconds the build took. */
  readonly seconds: number;
}

export interface BuildOneOptions {
  readonly version: string;
  /** Build arguments besides those of the provenance. */
  readonly extra: Readonly<Record<string, string>>;
  /** @default the daemon's own builder */
  readonly buildx?: BuildxOptions;
}

/** @param say receives the current step. */
export async function buildOne(
  one: ImageBuild,
  { version, extra, buildx }: BuildOneOptions,
  say: (text: string) => void,
): Promise<Built> {
  const started = performance.now();
  await buildImage(one, version, { extra, ...(buildx ? { buildx } : {}) }, say);
  const seconds = Math.round((performance.now() - started) / 10) / 100;
  const built = { image: one.image, reference: one.reference, seconds };
  if (buildx && buildx.output !== 'load') return built;
  say('measuring the size');
  return { ...built, ...(await weigh(one, extra)) };
}

/** The weight of a local image. */
export async function weigh(
  { image, reference, spec: { maxImageMB } }: ImageBuild,
  extra: Readonly<Record<string, string>>,
): Promise<Weight> {
  const base = baseOf(readFileSync(join(ROOT, dockerfileOf(image)), 'utf8'), extra);
  const { bytes, aboveBase } = await compressedSize(reference, base);
  return {
    megabytes: megabytes(bytes),
    ...(aboveBase === undefined ? {} : { megabytesAboveBase: megabytes(aboveBase) }),
    ...(maxImageMB === undefined ? {} : { maxMegabytes: maxImageMB }),
  };
}

const digests = z.array(z.string());

export async function pushLocal(
  { image, reference }: ImageBuild,
  say: (text: string) => void,
): Promise<Pushed> {
  await run('docker', ['push', reference], { onLine: say });
  const inspected = await stdoutOf('docker', [
    'image',
    'inspect',
    '--format',
    '{{json .RepoDigests}}',
    reference,
  ]);
  const digest = digestOf(reference, digests.parse(JSON.parse(inspected)));
  if (!digest) throw new Failure(`push: Docker knows no digest of ${reference}`, 'push again');
  return { image, reference, digest };
}

const metadata = z.looseObject({ 'containerimage.digest': z.string() });

export interface BuildAndPush {
  readonly version: string;
  readonly extra: Readonly<Record<string, string>>;
  readonly buildx: Omit<BuildxOptions, 'output' | 'metadataFile'>;
}

export async function buildAndPush(
  one: ImageBuild,
  { version, extra, buildx }: BuildAndPush,
  say: (text: string) => void,
): Promise<Pushed> {
  const folder = await mkdtemp(join(tmpdir(), 'push-'));
  try {
    const metadataFile = join(folder, 'metadata.json');
    await buildImage(one, version, { extra, buildx: { ...buildx, output: 'push', metadataFile } }, say);
    const { 'containerimage.digest': digest } = metadata.parse(
      JSON.parse(await readFile(metadataFile, 'utf8')),
    );
    return { image: one.image, reference: one.reference, digest };
  } finally {
    await rm(folder, { recursive: true });
  }
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
