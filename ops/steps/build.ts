/** Builds images, several at a time, and measures builds. */
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Listr, PRESET_TIMER } from 'listr2';
import { median, oneLineChange, withoutDownloads } from '../core/build-measure.ts';
import { type BuildOptions, dockerfileOf, type ImageBuild } from '../core/build-plan.ts';
import { baseOf, megabytes } from '../core/image-size.ts';
import { ROOT } from '../core/paths.ts';
import { buildImage, compressedSize } from '../tools/docker.ts';

/** What is known of an image at the end. */
export interface Built {
  readonly image: string;
  readonly reference: string;
  /** Seconds the build took. */
  readonly seconds: number;
  /** Only when measured. */
  readonly measured?: Measured;
  /** MB (10^6 bytes), compressed. */
  readonly megabytes: number;
  readonly megabytesAboveBase: number;
  /** MB the topology allows. */
  readonly maxMegabytes?: number;
}

/** Seconds of builds of different beginnings. */
export interface Measured {
  /** No layer and no downloaded package is there; the base images are. */
  readonly cold: number;
  /** After one line of code was changed: the median of {@link WARM_BUILDS} such changes. */
  readonly warm: number;
}

export interface BuildAllOptions {
  readonly version: string;
  /** Build arguments besides those of the provenance. */
  readonly extra: Readonly<Record<string, string>>;
  /** Images built at the same time; measured ones are built one by one. */
  readonly jobs: number;
  readonly measure: boolean;
  /** Print no progress. @default false */
  readonly quiet?: boolean;
}

const WARM_BUILDS = 5;

type Timed = (options: BuildOptions) => Promise<number>;

export async function buildAll(
  builds: readonly ImageBuild[],
  { version, extra, jobs, measure, quiet = false }: BuildAllOptions,
): Promise<readonly Built[]> {
  const built = new Map<string, Built>();
  const tasks = builds.map((one) => ({
    title: one.reference,
    task: async (_: unknown, task: { output: string }) => {
      const say = (text: string) => {
        task.output = text;
      };
      const timed: Timed = (options) => secondsOf(() => buildImage(one, version, { extra, ...options }, say));
      const measured = measure ? await measureBuild(one, timed) : undefined;
      const seconds = await timed({});
      say('measuring the size');
      built.set(one.image, {
        image: one.image,
        reference: one.reference,
        seconds,
        ...(measured ? { measured } : {}),
        ...(await sizeOf(one, extra)),
      });
    },
  }));
  // Measured ones alone: they must not take time from each other.
  const concurrent = measure ? false : jobs;
  const list = quiet
    ? new Listr(tasks, { concurrent, renderer: 'silent', registerSignalListeners: false })
    : new Listr(tasks, {
        concurrent,
        rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false },
        fallbackRendererOptions: { timer: PRESET_TIMER },
        registerSignalListeners: false,
      });
  await list.run();
  return builds.flatMap(({ image }) => built.get(image) ?? []);
}

async function sizeOf(
  { image, reference, spec: { maxImageMB } }: ImageBuild,
  extra: Readonly<Record<string, string>>,
): Promise<Pick<Built, 'megabytes' | 'megabytesAboveBase' | 'maxMegabytes'>> {
  const base = baseOf(readFileSync(join(ROOT, dockerfileOf(image)), 'utf8'), extra);
  const { bytes, aboveBase } = await compressedSize(reference, base);
  return {
    megabytes: megabytes(bytes),
    megabytesAboveBase: megabytes(aboveBase),
    ...(maxImageMB === undefined ? {} : { maxMegabytes: maxImageMB }),
  };
}

const hidden = (path: string): boolean => /^\.|^__pycache__$|^node_modules$/.test(basename(path));

/** Builds from a copy of the sources; the image is the copy's afterwards. */
async function measureBuild(one: ImageBuild, timed: Timed): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  const context = join(folder, 'services');
  try {
    await cp(`${ROOT}/services`, context, { recursive: true, filter: (path) => !hidden(path) });
    const dockerfile = await coldDockerfile(one.image, folder);
    const cold = await timed({ context, dockerfile, cold: true });
    // Fills the layer cache the changes are measured against.
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

/** Writes the Dockerfile without download caches, and its list of what to leave out; returns its path. */
async function coldDockerfile(image: string, folder: string): Promise<string> {
  const original = join(ROOT, dockerfileOf(image));
  const path = join(folder, 'Dockerfile');
  await copyFile(`${original}.dockerignore`, `${path}.dockerignore`);
  await writeFile(path, withoutDownloads(readFileSync(original, 'utf8')));
  return path;
}

async function secondsOf(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return Math.round((performance.now() - start) / 10) / 100;
}
