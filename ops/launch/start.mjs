/**
 * Starts the operations command in one process: checks Node, installs packages, bundles the sources when they changed,
 * and runs the bundle. The files of this folder are plain JavaScript, because they run before any package is
 * installed.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentBundle } from './current.mjs';
import { runBundle } from './load.mjs';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

if (process.platform === 'win32')
  fail('Windows: not supported; run this in WSL2 (wsl --install), with Docker Desktop on its WSL2 engine');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`node: ${process.version} is too old; install Node.js 20.19 or newer from https://nodejs.org`);

/** @returns {Promise<string>} */
async function freshBundle() {
  const { install } = await import('./install.mjs');
  await install(ROOT);
  const { bundle } = await import('./bundle.mjs');
  return bundle(ROOT);
}

/** @returns {Promise<string>} folder of the bundle of these sources */
async function bundleFolder() {
  try {
    return currentBundle(ROOT) ?? (await freshBundle());
  } catch (error) {
    return fail(String(error instanceof Error ? error.message : error).replace(/\s*\n\s*/g, ' '));
  }
}

await runBundle(await bundleFolder(), process.argv.slice(2));
