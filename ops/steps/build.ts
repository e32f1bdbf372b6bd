/** Builds one image, and measures its size and the duration of the build. */
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { baseOf, median, megabytes, oneLineChange, withoutDownloads } from '../core/build-figures.ts';
import {
  type BuildOptions,
  type BuildxOptions,
  digestOf,
  dockerfileOf,
  type ImageBuild,
  type Pushed,
} from '../core/build-plan.ts';
import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { buildImage, compressedSize } from '../tools/docker.ts';
import { run, stdoutOf } from '../tools/run.ts';

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
  /** Only when measured. */
  readonly measured?: Measured;
}

/** Seconds of a cold and a warm build. */
export interface Measured {
  /** Without any layer or downloaded package, but with the base images. */
  readonly cold: number;
  /** After one line of code was changed: the median of {@link WARM_BUILDS} such changes. */
  readonly warm: number;
}

export interface BuildOneOptions {
  readonly version: string;
  /** Build arguments besides those of the provenance. */
  readonly extra: Readonly<Record<string, string>>;
  /** @default false */
  readonly measure?: boolean;
  /** @default the daemon's own builder */
  readonly buildx?: BuildxOptions;
}

const WARM_BUILDS = 5;

type Timed = (options: BuildOptions) => Promise<number>;

/** @param say receives the current step. */
export async function buildOne(
  one: ImageBuild,
  { version, extra, measure = false, buildx }: BuildOneOptions,
  say: (text: string) => void,
): Promise<Built> {
  const timed: Timed = (options) => secondsOf(() => buildImage(one, version, { extra, ...options }, say));
  const measured = measure ? await measureBuild(one, timed) : undefined;
  const seconds = await timed(buildx ? { buildx } : {});
  const built = {
    image: one.image,
    reference: one.reference,
    seconds,
    ...(measured ? { measured } : {}),
  };
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

const hidden = (path: string): boolean => /^\.|^__pycache__$|^node_modules$/.test(basename(path));

/** Builds from a copy of the sources; afterwards the image is the copy's. */
async function measureBuild(one: ImageBuild, timed: Timed): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  const context = join(folder, 'services');
  try {
    await cp(`${ROOT}/services`, context, { recursive: true, filter: (path) => !hidden(path) });
    const dockerfile = await coldDockerfile(one.image, folder);
    const cold = await timed({ context, dockerfile, cold: true });
    // Fills the layer cache before the changes are measured.
    await timed({ context });
    const warm: number[] = [];
    for (let change = 1; change <= WARM_BUILDS; change += 1) {
      const { file, line } = oneLineChange(one, Date.now());
      await writeFile(join(context, file), line, { flag: 'a' });
      warm.push(await timed({ context }));
    }
    return { cold, warm: median(warm) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes the Dockerfile without download caches, and its .dockerignore; returns the Dockerfile's path. */
async function coldDockerfile(image: string, folder: string): Promise<string> {
  const original = join(ROOT, dockerfileOf(image));
  const path = join(folder, 'Dockerfile');
  await copyFile(`${original}.dockerignore`, `${path}.dockerignore`);
  await writeFile(path, withoutDownloads(readFileSync(original, 'utf8')));
  return path;
}

async function secondsOf(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return Math.round((performance.now() - start) / 10) / 100;
}
