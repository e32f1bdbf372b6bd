/** Local images: which there are, and building ours. */
import { existsSync } from 'node:fs';
import { buildArguments, type ImageBuild, type Provenance } from '../core/build-plan.ts';
import { canonical } from '../core/images.ts';
import { ROOT } from '../core/paths.ts';
import { run, stdoutOf } from './run.ts';

export const hasDockerfile = ({ image }: ImageBuild): boolean =>
  existsSync(`${ROOT}/dockerfiles/${image}/Dockerfile`);

/**
 * Revision and date of the last commit that touched what an image is made of, so that the same sources give the same
 * image. Outside a Git checkout both are unknown.
 */
export async function provenance(image: string, version: string): Promise<Provenance> {
  const unknown = { version, revision: 'unknown', created: 'unknown' };
  if (!existsSync(`${ROOT}/.git`)) return unknown;
  const args = ['log', '-1', '--format=%H %cI', '--', 'services', `dockerfiles/${image}`];
  const [revision, created] = (await stdoutOf('git', args, { cwd: ROOT })).trim().split(' ');
  return revision && created ? { version, revision, created } : unknown;
}

export async function buildImage(
  build: ImageBuild,
  version: string,
  extra: Readonly<Record<string, string>>,
): Promise<void> {
  await run('docker', buildArguments(build, await provenance(build.image, version), extra), { cwd: ROOT });
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
