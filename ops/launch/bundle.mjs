/** Bundles the operations command with esbuild into a folder named after its sources. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ALWAYS, BUNDLES, CURRENT, digest, digestsOf, keyOf } from './current.mjs';

/** Number of bundles that are kept, for switching between branches. */
const KEPT = 3;

/**
 * Gives esbuild the sources and records the digest of what it was given. `import.meta.url` names the source file, so
 * files beside a module are still found.
 *
 * @param {string} root
 * @param {Map<string, string>} digests
 * @returns {import('esbuild').Plugin}
 */
const sources = (root, digests) => ({
  name: 'sources',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes('/node_modules/')) return undefined;
      const contents = readFileSync(path, 'utf8');
      digests.set(relative(root, path), digest(contents));
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: contents.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
});

/**
 * @param {string} root
 * @returns {Promise<string>} folder of the bundle
 */
export async function bundle(root) {
  const home = join(root, BUNDLES);
  mkdirSync(home, { recursive: true });
  const digests = digestsOf(root, ALWAYS);
  const work = mkdtempSync(join(home, '.work-'));
  try {
    await build({
      absWorkingDir: root,
      entryPoints: ['ops/cli.ts'],
      outfile: join(work, 'cli.cjs'),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20.19',
      external: ['esbuild', 'tsx'],
      sourcemap: true,
      sourcesContent: false,
      plugins: [sources(root, digests)],
      logLevel: 'silent',
    });
    const key = keyOf(root, digests);
    const folder = join(home, key);
    place(work, folder);
    const current = join(work, CURRENT);
    mkdirSync(work, { recursive: true });
    writeFileSync(current, JSON.stringify({ key, inputs: [...digests.keys()] }));
    renameSync(current, join(home, CURRENT));
    removeOld(home);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * A parallel start may have written the same bundle; both are complete and equal.
 *
 * @param {string} work
 * @param {string} folder
 */
function place(work, folder) {
  try {
    renameSync(work, folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && ['EEXIST', 'ENOTEMPTY'].includes(String(error.code))))
      throw error;
    const now = new Date();
    utimesSync(folder, now, now);
  }
}

/** @param {string} home */
function removeOld(home) {
  const bundles = readdirSync(home)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .map((name) => ({ path: join(home, name), used: statSync(join(home, name)).mtimeMs }))
    .sort((a, b) => b.used - a.used);
  for (const { path } of bundles.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}
