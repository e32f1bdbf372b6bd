/** Weighs local images. */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import { z } from 'zod';
import { type ImageSize, sharedLayers, sizesOf } from '../core/image-size.ts';
import { localImages } from './docker.ts';
import { stdoutOf } from './run.ts';

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

/** How many layers are the base's; unknown where a builder fetched the base for itself only. */
async function layersBelow(reference: string, base: string | undefined): Promise<number | undefined> {
  if (base === undefined) return 0;
  if ((await localImages([base])).size === 0) return undefined;
  return sharedLayers(await layersOf(reference), await layersOf(base));
}

const GZIP_MAGIC = '1f8b';

/** Bytes of a layer when compressed; some image stores keep it that way already. */
async function gzipSize(file: string): Promise<number> {
  const [head] = await createReadStream(file, { end: 1 }).toArray();
  if (Buffer.isBuffer(head) && head.toString('hex') === GZIP_MAGIC) return (await stat(file)).size;
  let bytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGzip())) bytes += chunk.length;
  return bytes;
}
