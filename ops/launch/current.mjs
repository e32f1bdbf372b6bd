/**
 * Finds the bundle of the present sources. It compares contents, never times, so a checkout of older files, a
 * deleted file or a changed clock cannot select an outdated bundle.
 */
import { createHash } from 'node:crypto';
import { accessSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the bundles, relative to the repository. */
export const BUNDLES = '.cache/platform';
export const CURRENT = 'current.json';

/** Files every bundle depends on besides its modules. The root counts, because bundles contain paths. */
export const ALWAYS = [
  'package.json',
  'package-lock.json',
  'node_modules/.package-lock.json',
  'tsconfig.json',
  'ops/launch/bundle.mjs',
  'ops/launch/current.mjs',
];

/**
 * @typedef {object} Current
 * @property {string} key
 * @property {readonly string[]} inputs modules of the bundle, below the root
 */

/** @param {string | Buffer} content */
export const digest = (content) => createHash('sha256').update(content).digest('hex');

/**
 * @param {string} root
 * @param {ReadonlyMap<string, string>} digests of the inputs, by path
 */
export const keyOf = (root, digests) =>
  digest([root, ...[...digests].map(([path, sum]) => `${path} ${sum}`).sort()].join('\n'));

/**
 * @param {string} root
 * @param {readonly string[]} paths below the root
 * @returns {Map<string, string>}
 */
export const digestsOf = (root, paths) =>
  new Map(paths.map((path) => [path, digest(readFileSync(join(root, path)))]));

/**
 * @param {string} root
 * @returns {string | undefined} folder of the bundle; undefined when no bundle has these sources
 */
export function currentBundle(root) {
  try {
    /** @type {Current} */
    const { key, inputs } = JSON.parse(readFileSync(join(root, BUNDLES, CURRENT), 'utf8'));
    if (keyOf(root, digestsOf(root, inputs)) !== key) return undefined;
    const folder = join(root, BUNDLES, key);
    accessSync(join(folder, 'cli.cjs'));
    return folder;
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

/** @param {unknown} error */
const isMissing = (error) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
