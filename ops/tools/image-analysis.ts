/** Trivy, from PATH or from its image. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { TRIVY_IMAGE } from '../../charts/config/versions.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { TOOLS } from '../core/required-tools.ts';
import { checkTools, probe } from './check-tools.ts';
import { localImages } from './docker.ts';
import { run, stdoutOf } from './run.ts';

/** Returns the bill of materials of a local image, as SPDX JSON. */
export type SbomTool = (reference: string) => Promise<string>;

export async function findSbomTool(verb: string): Promise<SbomTool> {
  if ((await probe('syft', ['--version'])) !== 'missing')
    return (reference) => stdoutOf('syft', ['scan', '--quiet', '--output=spdx-json', `docker:${reference}`]);
  const trivy = await findTrivy(verb, 'neither syft nor trivy is on PATH');
  return (reference) => trivy(['--quiet', '--format=spdx-json'], reference);
}

const spdx = z.looseObject({ spdxVersion: z.string(), packages: z.array(z.unknown()) });

export interface Sbom {
  readonly file: string;
  /** Number of packages it lists. */
  readonly packages: number;
}

/** Writes an image's bill of materials to `FOLDER/IMAGE.spdx.json`. @throws Failure for an invalid one. */
export async function writeSbom(
  tool: SbomTool,
  { image, reference }: { readonly image: string; readonly reference: string },
  folder: string,
): Promise<Sbom> {
  const text = await tool(reference);
  const file = join(folder, `${image}.spdx.json`);
  const packages = count(text, reference);
  await mkdir(folder, { recursive: true });
  await writeFile(file, text);
  return { file, packages };
}

function count(text: string, reference: string): number {
  try {
    return spdx.parse(JSON.parse(text)).packages.length;
  } catch (error) {
    throw new Failure(
      `the bill of materials of ${reference} is not SPDX (${messageOf(error).slice(0, 200)})`,
      'update syft or trivy',
    );
  }
}

/** Runs `trivy image` with these arguments on a local image; returns its output. */
export type Trivy = (args: readonly string[], reference: string) => Promise<string>;

/** Volume that keeps the vulnerability database between runs. */
const CACHE = 'assistants-trivy:/root/.cache/trivy';

/**
 * @param lack what is missing on PATH, for the message.
 * @throws Failure saying how to get it, when it is neither installed nor available as an image.
 */
export async function findTrivy(verb: string, lack = 'trivy is not on PATH'): Promise<Trivy> {
  if ((await probe('trivy', TOOLS.trivy.probe)) === 'missing') {
    await fetchImage(verb, lack);
    return inContainer;
  }
  await checkTools(['trivy']);
  return (args, reference) => stdoutOf('trivy', ['image', ...args, reference]);
}

async function fetchImage(verb: string, lack: string): Promise<void> {
  if ((await localImages([TRIVY_IMAGE])).size > 0) return;
  try {
    await run('docker', ['pull', '--quiet', TRIVY_IMAGE]);
  } catch (error) {
    throw new Failure(
      `${verb}: ${lack}, and the image of trivy cannot be had (${messageOf(error)})`,
      `install it from https://trivy.dev, or load ${TRIVY_IMAGE} into the local Docker`,
    );
  }
}

/** The container gets a copy of the image. The daemon's socket would make it root on this machine. */
async function inContainer(args: readonly string[], reference: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scan-'));
  try {
    await run('docker', ['image', 'save', '--output', join(folder, 'image.tar'), reference]);
    // The environment names mirrors of the vulnerability database, for example.
    const settings = Object.keys(process.env).filter((name) => name.startsWith('TRIVY_'));
    return await stdoutOf('docker', [
      'run',
      '--rm',
      `--volume=${folder}:/scan:ro`,
      `--volume=${CACHE}`,
      ...settings.map((name) => `--env=${name}`),
      TRIVY_IMAGE,
      'image',
      ...args,
      '--input=/scan/image.tar',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
