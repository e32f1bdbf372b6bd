/** What is measured of a build: one as on a machine that never built before, and one after a line of code changed. */
import type { ImageBuild } from './build-plan.ts';

const isCache = (options: string): boolean => /(^|,)type=cache(,|$)/.test(options);
const targetOf = (options: string): string =>
  /(?:^|,)(?:target|dst|destination)=([^,]+)/.exec(options)?.[1] ?? '';

/**
 * A Dockerfile whose download caches are empty, and gone after the build: each cache mount is a file system in memory.
 * Without it a build that takes nothing from the layer cache still finds what pip, Deno or apt fetched before.
 */
export const withoutDownloads = (dockerfile: string): string =>
  dockerfile.replaceAll(/--mount=(\S+)/g, (mount, options: string) =>
    isCache(options) ? `--mount=type=tmpfs,target=${targetOf(options)}` : mount,
  );

/** A line of code to add to a service, and where: the change a warm build is measured after. */
export function oneLineChange(
  { spec }: ImageBuild,
  value: number,
): { readonly file: string; readonly line: string } {
  return spec.runtime === 'python'
    ? { file: `${spec.name}/${spec.name.replaceAll('-', '_')}/app.py`, line: `MEASURED = ${value}\n` }
    : { file: `${spec.name}/src/app.ts`, line: `export const measured = ${value};\n` };
}

/** The middle one; of an even number the lower of the two. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
