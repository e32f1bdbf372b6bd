/** What a cold and a warm build of an image change in a copy of its sources. */
import type { ImageBuild } from '../ops/core/build-plan.ts';

const isCache = (options: string): boolean => /(^|,)type=cache(,|$)/.test(options);
const targetOf = (options: string): string =>
  /(?:^|,)(?:target|dst|destination)=([^,]+)/.exec(options)?.[1] ?? '';

/**
 * The Dockerfile with a tmpfs in place of each cache mount, so that its download caches are empty. Otherwise a build
 * without the layer cache would still find what pip, Deno or apt downloaded before.
 */
export const withoutDownloads = (dockerfile: string): string =>
  dockerfile.replaceAll(/--mount=(\S+)/g, (mount, options: string) =>
    isCache(options) ? `--mount=type=tmpfs,target=${targetOf(options)}` : mount,
  );

/** A line of code to add to a service, and its place: the change that a warm build measures. */
export function oneLineChange(
  { spec }: ImageBuild,
  value: number,
): { readonly file: string; readonly line: string } {
  return spec.runtime === 'python'
    ? { file: `${spec.name}/${spec.name.replaceAll('-', '_')}/app.py`, line: `MEASURED = ${value}\n` }
    : { file: `${spec.name}/src/app.ts`, line: `export const measured = ${value};\n` };
}
