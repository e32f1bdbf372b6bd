/** Local images: which there are, and building ours. */
import { existsSync } from 'node:fs';
import {
  type BuildOptions,
  buildArguments,
  type ImageBuild,
  type Provenance,
  stepOf,
} from '../core/build-plan.ts';
import { Failure } from '../core/failure.ts';
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

/** @param onStep is given the step of the Dockerfile that is done next. */
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

/** @throws Failure naming the images that are not among the local ones. */
export async function checkBuilt(verb: string, builds: readonly ImageBuild[]): Promise<void> {
  const local = await localImages(builds.map(({ reference }) => reference));
  const missing = builds.filter(({ reference }) => !local.has(reference));
  if (missing.length > 0)
    throw new Failure(
      `${verb}: not built: ${missing.map(({ reference }) => reference).join(', ')}`,
      `run ./platform build ${missing.map(({ image }) => image).join(' ')} with the same options first`,
    );
}
