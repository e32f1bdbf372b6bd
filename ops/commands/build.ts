import { InvalidArgumentError } from 'commander';
import { extraArguments, selectBuilds } from '../core/build-plan.ts';
import { type Built, buildAll } from '../steps/build.ts';
import { buildList } from '../steps/images.ts';
import { checkTools } from '../tools/check.ts';
import { type OverrideOptions, repeatable, setupOf, verb, withOverrides } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends OverrideOptions {
  readonly buildArg: readonly string[];
  readonly jobs: number;
  readonly measure: boolean;
  readonly json?: boolean;
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
      'build each image alone, cold (no layer, no download is there) and after changed lines; takes minutes',
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
    const { jobs, measure, json: quiet = false } = options;
    const rows = await buildAll(builds, { version: config.images.tag, extra, jobs, measure, quiet });
    if (quiet) return json(rows);
    print(rows, measure);
  });

function count(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('expected a number from 1 to 99.');
  return Number(text);
}

function print(rows: readonly Built[], measured: boolean): void {
  const verdict = ({ megabytes: size, maxMegabytes = Number.POSITIVE_INFINITY }: Built): string =>
    size <= maxMegabytes ? '' : ' (over)';
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

function times({ seconds, measured }: Built): readonly (string | number)[] {
  if (!measured) return [seconds];
  const { cold, warm } = measured;
  return [cold, warm, `${(cold / warm).toFixed(1)}×`];
}
