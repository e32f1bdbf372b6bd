/**
 * How long the images of the services take to build, and how large they are:
 * `npm run bench:images [-- SERVICE... --build-arg NAME=VALUE --json]`.
 *
 * Builds each image alone from a copy of the sources. The cold build starts with the base images only, so it downloads
 * every package; it neither uses nor empties your own download caches. Each of several warm builds follows a changed
 * line; the table shows their median. Then it builds the image from the sources themselves, and weighs that.
 */
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { LOCAL } from '../charts/config/environments.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { SERVICES } from '../charts/topology.ts';
import { weight } from '../ops/commands/build.ts';
import {
  type BuildOptions,
  dockerfileOf,
  extraArguments,
  type ImageBuild,
  selectBuilds,
} from '../ops/core/build-plan.ts';
import { messageOf } from '../ops/core/failure.ts';
import { ROOT } from '../ops/core/paths.ts';
import { type Built, buildList, buildOne } from '../ops/steps/images.ts';
import { checkTools } from '../ops/tools/check-tools.ts';
import { buildImage } from '../ops/tools/docker.ts';
import { interruptible } from '../ops/tools/interrupt.ts';
import { oneLineChange, withoutDownloads } from './cold-build.ts';
import { median } from './support.ts';

const WARM_BUILDS = 5;

/** Seconds of a cold and a warm build. */
interface Measured {
  /** Without any layer or downloaded package, but with the base images. */
  readonly cold: number;
  /** After one line of code was changed: the median of {@link WARM_BUILDS} such changes. */
  readonly warm: number;
}

type Row = Built & { readonly measured: Measured };
type Timed = (options: BuildOptions) => Promise<number>;

const { values, positionals } = parseArgs({
  options: {
    'build-arg': { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

async function main(): Promise<void> {
  const config = resolveConfig(LOCAL);
  const extra = extraArguments(values['build-arg'], process.env);
  const builds = selectBuilds(buildList({ config, services: SERVICES }).builds, positionals);
  await checkTools(['docker']);
  const version = config.images.tag;
  const rows: Row[] = [];
  // One after the other, because builds in parallel would slow each other down.
  for (const one of builds) {
    process.stderr.write(`${one.reference}\n`);
    const measured = await measure(one, (options) =>
      secondsOf(() => buildImage(one, version, { extra, ...options })),
    );
    rows.push({ ...(await buildOne(one, { version, extra }, () => undefined)), measured });
  }
  if (values.json) console.info(JSON.stringify(rows));
  else print(rows);
}

const hidden = (path: string): boolean => /^\.|^__pycache__$|^node_modules$/.test(basename(path));

/** Builds from a copy of the sources; afterwards the image is the copy's. */
async function measure(one: ImageBuild, timed: Timed): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-images-'));
  const context = join(folder, 'services');
  try {
    await cp(`${ROOT}/services`, context, { recursive: true, filter: (path) => !hidden(path) });
    const dockerfile = await coldDockerfile(one.image, folder);
    const cold = await timed({ context, dockerfile, cold: true });
    // Fills the layer cache before the changes are measured.
    await timed({ context });
    const warm: number[] = [];
    for (let change = 1; change <= WARM_BUILDS; change += 1) {
      const { file, line } = oneLineChange(one, Date.now());
      await writeFile(join(context, file), line, { flag: 'a' });
      warm.push(await timed({ context }));
    }
    return { cold, warm: median(warm) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes the Dockerfile without download caches, and its .dockerignore; returns the Dockerfile's path. */
async function coldDockerfile(image: string, folder: string): Promise<string> {
  const original = join(ROOT, dockerfileOf(image));
  const path = join(folder, 'Dockerfile');
  await copyFile(`${original}.dockerignore`, `${path}.dockerignore`);
  await writeFile(path, withoutDownloads(readFileSync(original, 'utf8')));
  return path;
}

async function secondsOf(action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return Math.round((performance.now() - started) / 10) / 100;
}

function print(rows: readonly Row[]): void {
  const head = ['image', 'cold s', 'warm s', 'ratio', 'MB', 'MB above base', 'MB at most'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const row of rows) {
    const { cold, warm } = row.measured;
    table.push([row.image, cold, warm, `${(cold / warm).toFixed(1)}×`, ...weight(row)]);
  }
  console.info(table.toString());
}

try {
  await interruptible(main);
} catch (error) {
  process.stderr.write(`bench:images: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
