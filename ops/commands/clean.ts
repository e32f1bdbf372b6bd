import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { INVENTORY_LABEL } from '../../charts/constructs/names.ts';
import {
  builderCache,
  CACHE_FOLDERS,
  finishedJobs,
  jobLeftover,
  type Leftover,
  oldImages,
} from '../core/clean.ts';
import { contextOf } from '../core/cluster.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type KubeObject, kubeObject } from '../core/objects.ts';
import { ROOT } from '../core/paths.ts';
import { checkTools } from '../tools/check-tools.ts';
import { checkInterrupted } from '../tools/interrupt.ts';
import { Kubectl } from '../tools/kubectl.ts';
import { run, stdoutOf } from '../tools/run.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { type ClusterOptions, confirmation, type Setup, setupOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions, ConfirmOptions {
  readonly all?: boolean;
  readonly builderCache?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Leftovers, and how to remove them. */
interface Removal {
  readonly leftover: Leftover;
  readonly remove: () => Promise<unknown>;
}

export const clean = withCluster(
  verb(
    'clean',
    'remove old images of the platform, ended Jobs and cache folders; shows them and asks first',
    './platform clean --dry-run',
  )
    .option('--all', 'the images in use as well; ./platform up builds them again')
    .option('--builder-cache', "Docker's cache of builds as well, that of other projects included")
    .option('--dry-run', 'only show what would be removed')
    .option('--json', 'show it as JSON, remove nothing')
    .addOption(confirmation()),
)
  .addHelpText('after', '\nData is never touched: ./platform down deletes the cluster with its volumes.')
  .action(async (options: Options) => {
    const setup = await setupOf(options);
    await checkTools(['docker']);
    const removals = [
      ...(await images(setup, options)),
      ...(options.builderCache ? await cache() : []),
      ...(await jobs(setup, options)),
      ...folders(),
    ];
    const leftovers = removals.map(({ leftover }) => leftover);
    if (options.json) return json(leftovers);
    if (removals.length === 0) return line('Nothing to clean.');
    table(
      ['what', 'name', 'size', 'note'],
      leftovers.map(({ kind, name, size, note }) => [kind, name, size, note]),
    );
    if (options.dryRun) return;
    line();
    await confirm('clean', 'Remove them?', options);
    const kept: string[] = [];
    await showing(
      {},
      {
        title: `Remove ${removals.length}`,
        work: async (say) => {
          for (const { leftover, remove } of removals) {
            checkInterrupted();
            say(leftover.name);
            await remove().catch((error: unknown) => kept.push(`${leftover.name}: ${messageOf(error)}`));
          }
        },
      },
    );
    if (kept.length > 0)
      throw new Failure(
        `clean: ${kept.length} of ${removals.length} could not be removed`,
        'see above',
        kept,
      );
  });

async function images({ config }: Setup, { all = false }: Options): Promise<readonly Removal[]> {
  const listed = await stdoutOf('docker', ['image', 'ls', '--format', '{{json .}}']);
  return oldImages(listed, { ...config.images, all }).map((leftover) => ({
    leftover,
    remove: () => run('docker', ['image', 'rm', leftover.name]),
  }));
}

async function cache(): Promise<readonly Removal[]> {
  const listed = await stdoutOf('docker', ['system', 'df', '--format', '{{json .}}']);
  return builderCache(listed).map((leftover) => ({
    leftover,
    remove: () => run('docker', ['builder', 'prune', '--force', '--all']),
  }));
}

/** Without a cluster the list is empty, so that the command can still clean this machine. */
async function jobs({ config }: Setup, { context }: Options): Promise<readonly Removal[]> {
  const { environment } = config;
  const kubectl = new Kubectl(contextOf(config, context));
  let found: readonly KubeObject[];
  try {
    await kubectl.reach();
    const selector = `--selector=${INVENTORY_LABEL}=${environment}`;
    found = finishedJobs(await kubectl.objects(kubeObject, ['get', 'jobs', '--all-namespaces', selector]));
  } catch (error) {
    checkInterrupted();
    process.stderr.write(`No jobs looked for: ${messageOf(error)}\n`);
    return [];
  }
  return found.map((job) => ({ leftover: jobLeftover(job), remove: () => kubectl.remove([job]) }));
}

const folders = (): readonly Removal[] =>
  CACHE_FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).map((folder) => ({
    leftover: { kind: 'folder', name: folder, size: '', note: 'made again when needed' },
    remove: () => rm(join(ROOT, folder), { recursive: true }),
  }));
