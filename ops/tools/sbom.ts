/** Bills of materials of local images, by syft or else by Trivy. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure, messageOf } from '../core/failure.ts';
import { probe } from './check.ts';
import { stdoutOf } from './run.ts';
import { findTrivy } from './trivy.ts';

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
  /** How many packages it names. */
  readonly packages: number;
}

/** Writes the bill of materials of an image to `FOLDER/IMAGE.spdx.json`. @throws Failure when the tool's answer is none. */
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
