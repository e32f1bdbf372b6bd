/** Local images: lists them, and builds the platform's own. */
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import { z } from 'zod';
import {
  type Builder,
  type BuildOptions,
  buildArguments,
  type ImageBuild,
  type Provenance,
  parseBuilder,
  stepOf,
} from '../core/build-plan.ts';
import { Failure } from '../core/failure.ts';
import { canonical, type ImageSize, sharedLayers, sizesOf } from '../core/images.ts';
import { ROOT } from '../core/paths.ts';
import { run, stdoutOf } from './run.ts';

const rootFs = z.array(z.string());

/** Digests of an image's layers, the base's first. */
async function layersOf(reference: string): Promise<readonly string[]> {
  const text = await stdoutOf('docker', [
    'image',
    'inspect',
    '--format',
    '{{json .RootFS.Layers}}',
    reference,
  ]);
  return rootFs.parse(JSON.parse(text));
}

const savedManifest = z.tuple([z.looseObject({ Layers: z.array(z.string()) })]);

/** Size of an image as a registry shows it: the sum of its layers, compressed by gzip. */
export async function compressedSize(reference: string, base: string | undefined): Promise<ImageSize> {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    await execa('docker', ['image', 'save', reference], { buffer: false }).pipe('tar', ['-x', '-C', folder]);
    const [{ Layers: files }] = savedManifest.parse(
      JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')),
    );
    const sizes = await Promise.all(files.map((file) => gzipSize(join(folder, file))));
    return sizesOf(sizes, await layersBelow(reference, base));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Number of the base's layers; undefined where a builder fetched the base only for itself. */
async function layersBelow(reference: string, base: string | undefined): Promise<number | undefined> {
  if (base === undefined) return 0;
  if ((await localImages([base])).size === 0) return undefined;
  return sharedLayers(await layersOf(reference), await layersOf(base));
}

const GZIP_MAGIC = '1f8b';

/** Bytes of a layer after compression; some image stores already keep it compressed. */
async function gzipSize(file: string): Promise<number> {
  const [head] = await createReadStream(file, { end: 1 }).toArray();
  if (Buffer.isBuffer(head) && head.toString('hex') === GZIP_MAGIC) return (await stat(file)).size;
  let bytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGzip())) bytes += chunk.length;
  return bytes;
}

export async function chosenBuilder(): Promise<Builder> {
  const inspected = await stdoutOf('docker', ['buildx', 'inspect', '--bootstrap']);
  return parseBuilder(inspected, await stdoutOf('docker', ['info', '--format', '{{json .DriverStatus}}']));
}

export const hasDockerfile = ({ image }: ImageBuild): boolean =>
  existsSync(`${ROOT}/dockerfiles/${image}/Dockerfile`);

/**
 * Revision and date of the last commit that changed an image's sources, so that the same sources give the
 * same image. Outside a Git checkout both are unknown.
 */
export async function provenance(image: string, version: string): Promise<Provenance> {
  const unknown = { version, revision: 'unknown', created: 'unknown' };
  if (!existsSync(`${ROOT}/.git`)) return unknown;
  const args = ['log', '-1', '--format=%H %cI', '--', 'services', `dockerfiles/${image}`];
  const [revision, created] = (await stdoutOf('git', args, { cwd: ROOT })).trim().split(' ');
  return revision && created ? { version, revision, created } : unknown;
}

/** @param onStep receives each step of the Dockerfile when it begins. */
export async function buildImage(
  build: ImageBuild,
  version: string,
  options: BuildOptions,
  onStep?: (step: string) => void,
): Promise<void> {
  const args = buildArguments(build, await provenance(build.image, version), options);
  const onLine = (line: string): void => {
    const step = stepOf(line);
    if (step) onStep?.(step);
  };
  await run('docker', args, { cwd: ROOT, onLine });
}

/** Ids of the local images among the references. */
export async function localImages(references: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const format = '{{.Repository}}:{{.Tag}} {{.ID}}';
  const rows = (await stdoutOf('docker', ['image', 'ls', '--no-trunc', '--format', format])).split('\n');
  const ids = new Map(
    rows.map((row) => {
      const [reference = '', id = ''] = row.split(' ');
      return [canonical(reference), id] as const;
    }),
  );
  return new Map(
    references.flatMap((reference) => {
      const id = ids.get(canonical(reference));
      return id ? [[reference, id] as const] : [];
    }),
  );
}

/** Labels of a local image, in JSON. */
export const labelsOf = (reference: string): Promise<string> =>
  stdoutOf('docker', ['image', 'inspect', '--format', '{{json .Config.Labels}}', reference]);

/** @throws Failure naming the images that are not local. */
export async function checkBuilt(verb: string, builds: readonly ImageBuild[]): Promise<void> {
  const local = await localImages(builds.map(({ reference }) => reference));
  const missing = builds.filter(({ reference }) => !local.has(reference));
  if (missing.length > 0)
    throw new Failure(
      `${verb}: not built: ${missing.map(({ reference }) => reference).join(', ')}`,
      `run ./platform build ${missing.map(({ image }) => image).join(' ')} with the same options first`,
    );
}
