import {
  extraArguments,
  type ImageBuild,
  type Labels,
  parseLabels,
  selectBuilds,
} from '../core/build-plan.ts';
import { type Weight, weigh } from '../steps/build.ts';
import { buildList } from '../steps/images.ts';
import { checkTools } from '../tools/check-tools.ts';
import { labelsOf, localImages } from '../tools/docker.ts';
import { weight } from './build.ts';
import { type EnvironmentOptions, repeatable, setupOf, verb, withEnvironment } from './options.ts';
import { json, table } from './print.ts';
import { showingEach } from './progress.ts';

interface Options extends EnvironmentOptions {
  readonly buildArg: readonly string[];
  readonly json?: boolean;
}

interface Row extends Partial<Weight>, Partial<Labels> {
  readonly image: string;
  readonly reference: string;
  /** Whether the image is local; otherwise nothing else is known. */
  readonly built: boolean;
}

export const summary = withEnvironment(
  verb(
    'summary',
    'compare the sizes of the local images with their limits, and show their labels',
    './platform summary',
  )
    .argument('[service...]', 'services or images (default: all)')
    .addOption(repeatable('--build-arg <name=value>', 'the base images they were built on, where others'))
    .option('--json', 'print the figures as JSON'),
).action(async (names: readonly string[], options: Options) => {
  const { config, services } = await setupOf(options);
  const extra = extraArguments(options.buildArg, process.env);
  const builds = selectBuilds(buildList({ config, services }).builds, names);
  await checkTools(['docker']);
  const local = await localImages(builds.map(({ reference }) => reference));
  const rows = await showingEach(options, builds, {
    title: ({ reference }) => reference,
    jobs: 2,
    work: (one) => rowOf(one, local.has(one.reference), extra),
  });
  if (options.json) return json(rows);
  print(rows);
});

async function rowOf(one: ImageBuild, built: boolean, extra: Readonly<Record<string, string>>): Promise<Row> {
  const { image, reference } = one;
  if (!built) return { image, reference, built };
  return {
    image,
    reference,
    built,
    ...parseLabels(await labelsOf(reference)),
    ...(await weigh(one, extra)),
  };
}

const SHORT_REVISION = 12;

const print = (rows: readonly Row[]): void =>
  table(
    ['image', 'version', 'revision', 'created', 'MB', 'MB above base', 'MB at most'],
    rows.map((row) => [
      row.image,
      row.built ? (row.version ?? '-') : 'not built',
      row.revision?.slice(0, SHORT_REVISION) ?? '-',
      row.created ?? '-',
      ...weight(row),
    ]),
    4,
  );
