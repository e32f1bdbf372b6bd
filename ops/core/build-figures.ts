/** The size of an image, and of its layers above the base image. */

import type { ImageBuild } from './build-plan.ts';
import { Failure } from './failure.ts';

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

/** The middle number; of an even count, the lower of the two. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;

export interface ImageSize {
  /** Bytes of all layers, compressed. */
  readonly bytes: number;
  /** Bytes of the layers above the base image, where its layers are known. */
  readonly aboveBase?: number;
}

/** How many of an image's layers belong to its base. */
export function sharedLayers(layers: readonly string[], base: readonly string[]): number {
  const first = layers.findIndex((layer, index) => layer !== base[index]);
  return first === -1 ? layers.length : first;
}

/** @param below number of the base's layers, which come first; undefined when unknown. */
export const sizesOf = (layers: readonly number[], below: number | undefined): ImageSize => ({
  bytes: sum(layers),
  ...(below === undefined ? {} : { aboveBase: sum(layers.slice(below)) }),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Megabytes (10^6 bytes) as registries print them. */
export const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

/**
 * The image the last stage of a Dockerfile is built on; undefined for `scratch`.
 *
 * @param values build arguments that were given in place of the defaults.
 * @throws Failure when there is no such line.
 */
export function baseOf(dockerfile: string, values: Readonly<Record<string, string>>): string | undefined {
  const defaults = [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const all: Readonly<Record<string, string>> = { ...Object.fromEntries(defaults), ...values };
  const last = [...dockerfile.matchAll(/^FROM (?:--\S+ )*(\S+)/gm)].at(-1)?.[1];
  if (!last) throw new Failure('build: the Dockerfile has no FROM line', 'expected one stage at least');
  const base = last.replace(/\$\{?(\w+)\}?/g, (_, name: string) => all[name] ?? '');
  return base === 'scratch' ? undefined : base;
}
