/** The size of an image, and our share of it. */
import { Failure } from './failure.ts';

export interface ImageSize {
  /** Bytes of all layers, compressed. */
  readonly bytes: number;
  /** Bytes of the layers above the base image, where its layers are known. */
  readonly aboveBase?: number;
}

/** How many of an image's layers are its base's. */
export function sharedLayers(layers: readonly string[], base: readonly string[]): number {
  const first = layers.findIndex((layer, index) => layer !== base[index]);
  return first === -1 ? layers.length : first;
}

/** @param below how many of the layers, from the first, are the base's; undefined where that is not known. */
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
