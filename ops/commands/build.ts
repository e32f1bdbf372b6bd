import { type Command, InvalidArgumentError } from 'commander';
import {
  type BuildxOptions,
  checkBuilder,
  extraArguments,
  type ImageBuild,
  type Labels,
  parseLabels,
  parsePlatforms,
  selectBuilds,
} from '../core/build-plan.ts';
import { Failure } from '../core/failure.ts';
import { type Built, buildList, buildOne, type Weight, weigh } from '../steps/images.ts';
import { checkTools } from '../tools/check-tools.ts';
import { chosenBuilder, labelsOf, localImages } from '../tools/docker.ts';
import { findSbomTool, type Sbom, type SbomTool, writeSbom } from '../tools/image-analysis.ts';
import { inParallel } from '../tools/parallel.ts';
import { type EnvironmentOptions, repeatable, setupOf, verb, withEnvironment } from './options.ts';
import { json, line, table } from './print.ts';
import { showingEach } from './progress.ts';

/** What building and pushing have in common. */
export interface BuilderOptions extends EnvironmentOptions {
  readonly buildArg: readonly string[];
  readonly jobs: number;
  readonly platform?: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo?: string;
  readonly json?: boolean;
}

interface Options extends BuilderOptions {
  readonly sbom?: string;
  readonly dryRun?: boolean;
}

/** The options of {@link BuilderOptions}. */
export const withBuilder = (command: Command): Command =>
  withEnvironment(command.argument('[service...]', 'services or images (default: all)'))
    .addOption(
      repeatable('--build-arg <name=value>', 'build argument, such as PYTHON_IMAGE=mirror/python:3.13'),
    )
    .option('--jobs <number>', 'images at the same time', count, 2)
    .option(
      '--platform <list>',
      'platforms, such as linux/amd64,linux/arm64 (default: this machine’s)',
      parsePlatforms,
    )
    .addOption(
      repeatable('--cache-from <registry/path>', 'read the layer cache from there, one entry an image'),
    )
    .option('--cache-to <registry/path>', 'write the layer cache there, one entry an image');

export const build = withBuilder(
  verb('build', 'build the images of the services, all or some', './platform build ai-assistant security'),
)
  .option('--sbom <folder>', 'write a bill of materials of each image there, by syft or trivy (SPDX JSON)')
  .option('--dry-run', 'only say what would be built')
  .option('--json', 'print the figures as JSON')
  .addHelpText(
    'after',
    '\nSizes are those a registry shows: the layers, compressed. Environment: PYTHON_IMAGE, DENO_IMAGE, RUNTIME_IMAGE name mirrored images.',
  )
  .action(async (names: readonly string[], options: Options) => {
    checkCombination(options);
    const { config, services } = await setupOf(options);
    const extra = extraArguments(options.buildArg, process.env);
    const builds = selectBuilds(buildList({ config, services }).builds, names);
    await checkTools(['docker']);
    const buildx = await buildxOf(options);
    const sbomTool = options.sbom === undefined ? undefined : await findSbomTool('build');
    if (options.dryRun) return sayBuilds(builds, options);
    const built = await showingEach(options, builds, {
      title: ({ reference }) => reference,
      jobs: options.jobs,
      work: (one, say) =>
        buildOne(one, { version: config.images.tag, extra, ...(buildx ? { buildx } : {}) }, say),
    });
    const sboms = sbomTool ? await writeSboms(sbomTool, built, options) : [];
    if (options.json) return json(built);
    print(built);
    for (const { file, packages } of sboms) line(`${file}: ${packages} packages`);
    if (buildx?.output === 'cache')
      line(
        '\nThe images are in the builder’s cache only: ./platform push --platform … takes them from there.',
      );
  });

function sayBuilds(builds: readonly ImageBuild[], options: Options): void {
  const how = options.platform ? ` for ${options.platform.join(', ')}` : '';
  if (options.json) json(builds.map(({ image, reference }) => ({ image, reference })));
  else for (const { reference } of builds) line(`would build ${reference}${how}`);
}

function checkCombination({ sbom, platform = [] }: Options): void {
  if (sbom !== undefined && platform.length > 1)
    throw new Failure('--sbom: several platforms are not among the local images', 'see push --attest');
}

/** Options of buildx; undefined when not needed. @throws Failure when the builder cannot do what is asked. */
async function buildxOf({
  platform,
  cacheFrom,
  cacheTo,
}: BuilderOptions): Promise<BuildxOptions | undefined> {
  if (!platform && cacheFrom.length === 0 && cacheTo === undefined) return undefined;
  const use = {
    ...(platform ? { platforms: platform } : {}),
    ...(cacheTo === undefined ? {} : { cacheTo }),
  };
  const builder = await chosenBuilder();
  checkBuilder('build', builder, use);
  const loadable = (platform?.length ?? 1) === 1 || (builder.driver === 'docker' && builder.containerd);
  return { ...use, cacheFrom, output: loadable ? 'load' : 'cache' };
}

/** Two at a time, because each reads a whole image. */
const writeSboms = (
  tool: SbomTool,
  built: readonly Built[],
  { sbom = '' }: Options,
): Promise<readonly Sbom[]> => inParallel(built, 2, (one) => writeSbom(tool, one, sbom));

function count(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('expected a number from 1 to 99.');
  return Number(text);
}

function print(rows: readonly Built[]): void {
  line();
  table(
    ['image', 's', 'MB', 'MB above base', 'MB at most'],
    rows.map((row) => [row.image, row.seconds, ...weight(row)]),
    1,
  );
}

/** Size of an image, the part above its base, and the size allowed. */
export function weight({
  megabytes: size,
  megabytesAboveBase: own,
  maxMegabytes: most,
}: Pick<Built, 'megabytes' | 'megabytesAboveBase' | 'maxMegabytes'>): readonly string[] {
  const over = size !== undefined && most !== undefined && size > most;
  return [size?.toFixed(1) ?? '-', own?.toFixed(1) ?? '-', `${most ?? '-'}${over ? ' (over)' : ''}`];
}

interface SummaryOptions extends EnvironmentOptions {
  readonly buildArg: readonly string[];
  readonly json?: boolean;
}

interface SummaryRow extends Partial<Weight>, Partial<Labels> {
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
).action(async (names: readonly string[], options: SummaryOptions) => {
  const { config, services } = await setupOf(options);
  const extra = extraArguments(options.buildArg, process.env);
  const builds = selectBuilds(buildList({ config, services }).builds, names);
  await checkTools(['docker']);
  const local = await localImages(builds.map(({ reference }) => reference));
  const rows = await showingEach(options, builds, {
    title: ({ reference }) => reference,
    jobs: 2,
    work: (one) => summaryRow(one, local.has(one.reference), extra),
  });
  if (options.json) return json(rows);
  printSummary(rows);
});

async function summaryRow(
  one: ImageBuild,
  built: boolean,
  extra: Readonly<Record<string, string>>,
): Promise<SummaryRow> {
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

const printSummary = (rows: readonly SummaryRow[]): void =>
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
