import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { Listr, PRESET_TIMER } from 'listr2';
import {
  type BuildOptions,
  extraArguments,
  type ImageBuild,
  oneLineChange,
  selectBuilds,
} from '../core/build-plan.ts';
import { baseOf, megabytes } from '../core/image-size.ts';
import { ROOT } from '../core/paths.ts';
import { buildList } from '../steps/images.ts';
import { checkTools } from '../tools/check.ts';
import { buildImage, compressedSize } from '../tools/docker.ts';
import { type OverrideOptions, repeatable, setupOf, verb, withOverrides } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends OverrideOptions {
  readonly buildArg: readonly string[];
  readonly jobs: number;
  readonly measure: boolean;
  readonly json?: boolean;
}

/** What is known of an image at the end. */
interface Row {
  readonly image: string;
  readonly reference: string;
  /** Seconds the build took; without the layer cache under `--measure`. */
  readonly seconds: number;
  /** Seconds after one line of code was changed; only under `--measure`. */
  readonly warmSeconds?: number;
  /** MB (10^6 bytes), compressed. */
  readonly megabytes: number;
  readonly megabytesAboveBase: number;
  /** MB the topology allows. */
  readonly maxMegabytes?: number;
}

export const build = withOverrides(
  verb('build', 'build the images of the services, all or some', './platform build ai-assistant security')
    .argument('[service...]', 'services or images (default: all)')
    .addOption(
      repeatable('--build-arg <name=value>', 'build argument, such as PYTHON_IMAGE=mirror/python:3.13'),
    )
    .option('--jobs <number>', 'images built at the same time', count, 2)
    .option(
      '--measure',
      'build each image alone, without the layer cache and again after one line of code changed; takes minutes',
      false,
    )
    .option('--json', 'print the figures as JSON'),
)
  .addHelpText(
    'after',
    '\nSizes are those a registry shows: the layers, compressed. Environment: PYTHON_IMAGE, DENO_IMAGE, RUNTIME_IMAGE name mirrored images.',
  )
  .action(async (names: readonly string[], options: Options) => {
    const { config, services } = await setupOf({ ...options, env: 'dev' });
    const extra = extraArguments(options.buildArg, process.env);
    const builds = selectBuilds(buildList({ config, services }).builds, names);
    await checkTools(['docker']);
    const rows = await buildAll(builds, config.images.tag, extra, options);
    if (options.json) return json(rows);
    print(rows, options.measure);
  });

function count(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('expected a number from 1 to 99.');
  return Number(text);
}

async function buildAll(
  builds: readonly ImageBuild[],
  version: string,
  extra: Readonly<Record<string, string>>,
  { jobs, measure, json: quiet }: Options,
): Promise<readonly Row[]> {
  const rows = new Map<string, Row>();
  const tasks = builds.map((one) => ({
    title: one.reference,
    task: async (_: unknown, task: { output: string }) => {
      const say = (text: string) => {
        task.output = text;
      };
      const timed = (options: BuildOptions) =>
        secondsOf(() => buildImage(one, version, { extra, ...options }, say));
      const warmSeconds = measure ? await warm(one, timed) : undefined;
      const seconds = await timed({ cold: measure });
      say('measuring the size');
      const size = await compressedSize(one.reference, baseImage(one, extra));
      rows.set(one.image, {
        image: one.image,
        reference: one.reference,
        seconds,
        ...(warmSeconds === undefined ? {} : { warmSeconds }),
        megabytes: megabytes(size.bytes),
        megabytesAboveBase: megabytes(size.aboveBase),
        ...(one.spec.maxImageMB === undefined ? {} : { maxMegabytes: one.spec.maxImageMB }),
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
  return builds.flatMap(({ image }) => rows.get(image) ?? []);
}

const baseImage = ({ image }: ImageBuild, extra: Readonly<Record<string, string>>): string | undefined =>
  baseOf(readFileSync(`${ROOT}/dockerfiles/${image}/Dockerfile`, 'utf8'), extra);

const hidden = (path: string): boolean => /^\.|^__pycache__$|^node_modules$/.test(basename(path));

/** Seconds a build takes after one line of code was changed, in a copy of the sources; the image is the copy's then. */
async function warm(one: ImageBuild, timed: (options: BuildOptions) => Promise<number>): Promise<number> {
  const context = await mkdtemp(join(tmpdir(), 'services-'));
  try {
    await cp(`${ROOT}/services`, context, { recursive: true, filter: (path) => !hidden(path) });
    await timed({ context });
    const { file, line: code } = oneLineChange(one, Date.now());
    await writeFile(join(context, file), code, { flag: 'a' });
    return await timed({ context });
  } finally {
    await rm(context, { recursive: true });
  }
}

async function secondsOf(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return Math.round((performance.now() - start) / 10) / 100;
}

function print(rows: readonly Row[], measured: boolean): void {
  const verdict = ({ megabytes: size, maxMegabytes = Number.POSITIVE_INFINITY }: Row): string =>
    size <= maxMegabytes ? '' : ' (over)';
  const times = ({ seconds, warmSeconds }: Row): readonly (string | number)[] =>
    warmSeconds === undefined ? [seconds] : [seconds, warmSeconds, `${(seconds / warmSeconds).toFixed(1)}×`];
  line();
  table(
    ['image', ...(measured ? ['cold s', 'warm s', 'ratio'] : ['s']), 'MB', 'MB above base', 'MB at most'],
    rows.map((row) => [
      row.image,
      ...times(row),
      row.megabytes.toFixed(1),
      row.megabytesAboveBase.toFixed(1),
      `${row.maxMegabytes ?? '-'}${verdict(row)}`,
    ]),
    1,
  );
}
