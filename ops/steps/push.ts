/** Pushes an image: the local one as it is, or built for the registry when it is one of several platforms. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { BuildxOptions, ImageBuild } from '../core/build-plan.ts';
import { Failure } from '../core/failure.ts';
import { digestOf, type Pushed } from '../core/push.ts';
import { buildImage } from '../tools/docker.ts';
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
