import { writeFile } from 'node:fs/promises';
import {
  type BuildxOptions,
  checkBuilder,
  checkRegistry,
  digestValues,
  extraArguments,
  type ImageBuild,
  type Pushed,
  selectBuilds,
} from '../core/build-plan.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { buildAndPush, buildList, pushLocal } from '../steps/images.ts';
import { checkTools } from '../tools/check-tools.ts';
import { checkBuilt, chosenBuilder } from '../tools/docker.ts';
import { type BuilderOptions, withBuilder } from './build.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { confirmation, setupOf, verb } from './options.ts';
import { json, line, table } from './print.ts';
import { showingEach } from './progress.ts';

interface Options extends BuilderOptions, ConfirmOptions {
  readonly attest: boolean;
  readonly digests?: string;
  readonly dryRun: boolean;
}

export const push = withBuilder(
  verb(
    'push',
    'push the images to images.registry: the local ones, or with --platform built for it',
    './platform push --set images.registry=registry.example.com/team --platform linux/amd64,linux/arm64',
  ),
)
  .option('--attest', 'build, and attach a bill of materials and the provenance (buildx attestations)', false)
  .option('--digests <file>', 'write a values file that pins what was pushed, for --values')
  .option('--dry-run', 'print what would be pushed', false)
  .addOption(confirmation())
  .option('--json', 'print the digests as JSON')
  .action(async (names: readonly string[], options: Options) => {
    const { config, services } = await setupOf(options);
    checkRegistry(config);
    const extra = extraArguments(options.buildArg, process.env);
    const builds = selectBuilds(buildList({ config, services }).builds, names);
    await checkTools(['docker']);
    const buildx = await buildxOf(options);
    if (!buildx) await checkBuilt('push', builds);
    if (options.dryRun) return show(builds, options);
    await confirm('push', `Push ${builds.length} images to ${config.images.registry}?`, options);
    const pushed = await showingEach(options, builds, {
      title: ({ reference }) => reference,
      jobs: options.jobs,
      work: (one, say) =>
        buildx ? buildAndPush(one, { version: config.images.tag, extra, buildx }, say) : pushLocal(one, say),
    });
    await report(pushed, options);
  });

/** Options of buildx; undefined when the images are local. @throws Failure when the builder cannot push. */
async function buildxOf({
  platform,
  cacheFrom,
  cacheTo,
  attest,
}: Options): Promise<Omit<BuildxOptions, 'output'> | undefined> {
  if (!platform && !attest) {
    if (cacheTo === undefined && cacheFrom.length === 0) return undefined;
    throw new Failure('push: --cache-from and --cache-to need something to build', 'add --platform');
  }
  const use = {
    attest,
    ...(platform ? { platforms: platform } : {}),
    ...(cacheTo === undefined ? {} : { cacheTo }),
  };
  checkBuilder('push', await chosenBuilder(), use);
  return { ...use, cacheFrom };
}

function show(builds: readonly ImageBuild[], { platform = [], json: asJson }: Options): void {
  if (asJson) json(builds.map(({ image, reference }) => ({ image, reference, platforms: platform })));
  else
    for (const { reference } of builds)
      line(`would push ${reference}${platform.length > 0 ? ` for ${platform.join(', ')}` : ''}`);
}

async function report(pushed: readonly Pushed[], { digests, json: asJson }: Options): Promise<void> {
  if (digests !== undefined)
    await writeFile(digests, digestValues(pushed)).catch((error: unknown) => {
      throw new Failure(
        `--digests: "${digests}" cannot be written (${messageOf(error)})`,
        'the images were pushed',
      );
    });
  if (asJson) return json(pushed);
  line();
  table(
    ['image', 'digest'],
    pushed.map(({ reference, digest }) => [reference, digest]),
  );
}
