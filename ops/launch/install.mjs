/** Installs the command's packages when they differ from the lock file. */
import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 * @property {readonly string[]} [os]
 * @property {readonly string[]} [cpu]
 */

/**
 * @param {string} file
 * @returns {Readonly<Record<string, Entry>>} empty when the file does not exist
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

/**
 * What npm has to do: nothing; install all packages again, where development packages are installed; or install only
 * those needed at run time.
 *
 * @param {Readonly<Record<string, Entry>>} wanted of package-lock.json
 * @param {Readonly<Record<string, Entry>>} installed of node_modules/.package-lock.json
 * @returns {readonly string[] | undefined} arguments of npm
 */
export function npmArguments(wanted, installed) {
  const runs = Object.entries(wanted).filter(([path, entry]) => path !== '' && isNeeded(entry));
  if (runs.every(([path, { version }]) => installed[path]?.version === version)) return undefined;
  const developer = Object.values(installed).some(({ dev }) => dev);
  return ['ci', '--no-fund', '--no-audit', ...(developer ? [] : ['--omit=dev'])];
}

/**
 * Optional packages, such as esbuild's binary, belong to one system each.
 *
 * @param {Entry} entry
 */
const isNeeded = ({ dev, devOptional, optional, os, cpu }) =>
  !dev &&
  !devOptional &&
  (!optional || (os?.includes(process.platform) === true && cpu?.includes(process.arch) === true));

/** @param {string} root */
export async function install(root) {
  const modules = join(root, 'node_modules');
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const args = npmArguments(wanted, packagesIn(join(modules, '.package-lock.json')));
  if (!args) return;
  // npm would empty the folder behind a link, which belongs to another clone.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Error(
      'node_modules: a symbolic link to packages of other versions; run npm ci where it points to',
    );
  console.error(`Installing node packages (npm ${args.join(' ')}), which takes up to a minute ...`);
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error)
    throw new Error(
      `npm: cannot be started (${error.message}); it comes with Node.js from https://nodejs.org`,
    );
  if (status !== 0) throw new Error('npm ci failed; see its messages above');
}
