import { InvalidArgumentError } from 'commander';
import { Failure } from '../core/failure.ts';
import { changes, checkAccepted, type Plan } from '../core/plan.ts';
import {
  manifestsOf,
  newestFirst,
  type Obstacle,
  obstacles,
  type Release,
  releaseOf,
  rollbackTarget,
} from '../core/release.ts';
import { withoutExpectations } from '../steps/release.ts';
import { readRecords, readReleases } from '../steps/releases.ts';
import type { Target } from '../steps/target.ts';
import { kindClusterOf } from '../tools/kind.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { confirmation, type DeploymentOptions, liveOf, seconds, verb, withDeployment } from './options.ts';
import { json, line, table } from './print.ts';
import { makeRelease, showPlan, stepList } from './release.ts';

interface HistoryOptions extends DeploymentOptions {
  readonly json?: boolean;
}

export const history = withDeployment(
  verb('history', 'list the releases of an environment, the newest first', './platform history production'),
)
  .option('--json', 'print the releases as JSON')
  .action(async (environment: string, options: HistoryOptions) => {
    const live = await liveOf({ ...options, env: environment });
    const releases = newestFirst(await readReleases(live));
    if (options.json) return json(releases);
    if (releases.length === 0) return line(`${environment} has no release yet.`);
    table(
      ['release', 'status', 'began', 's', 'what', 'source', 'changes', 'migrations', 'reason'],
      releases.map(cells),
    );
  });

const cells = (release: Release): readonly (string | number)[] => [
  release.revision,
  release.status,
  release.startedAt.replace(/\.\d+Z$/, 'Z'),
  release.seconds ?? '',
  release.action,
  release.source,
  release.changes.created + release.changes.updated + release.changes.pruned,
  Object.entries(release.migrations)
    .map(([service, { after }]) => `${service} ${after}`)
    .join(', '),
  (release.reason ?? '').slice(0, 60),
];

interface Options extends DeploymentOptions, ConfirmOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly restoreBackup?: boolean;
  readonly timeout: number;
}

function revisionNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected the number of a release such as 7.');
  return Number(text);
}

export const rollback = withDeployment(
  verb(
    'rollback',
    'apply a recorded earlier release again; without a number, the previous one',
    './platform rollback production 12',
  ),
)
  .argument('[release]', 'number of the release, as history shows it', revisionNumber)
  .option(
    '--restore-backup',
    'also restore the databases the earlier release does not work with, from the backups before they were migrated: what was written since is lost',
  )
  .option('--timeout <seconds>', 'how long to wait for the rollout', seconds, 600)
  .option('--dry-run', 'show what would be done')
  .addOption(confirmation())
  .option('--json', 'print the release as JSON')
  .action(async (environment: string, revision: number | undefined, options: Options) => {
    if (options.json && !options.yes && !options.dryRun)
      throw new Failure('rollback: --json asks nothing', 'add --yes, or --dry-run');
    const live = await liveOf({ ...options, env: environment });
    const records = await readRecords(live);
    const releases = records.map(releaseOf);
    const earlier = rollbackTarget(environment, releases, revision);
    const record = records.find((one) => releaseOf(one).revision === earlier.revision);
    if (!record) throw new Error(`release ${earlier.revision} has no record`);
    const target: Target = {
      ...live,
      topology: withoutExpectations(live.topology),
      wanted: manifestsOf(record),
    };
    const inTheWay = obstacles(releases, earlier);
    if (!options.restoreBackup) refuse(environment, earlier.revision, inTheWay);
    const plan = await compare(target, options);
    if (!options.json) show(plan, inTheWay);
    if (options.dryRun)
      return done(options, { dryRun: true, release: earlier.revision, changes: changes(plan) });
    await confirm('rollback', question(environment, earlier.revision, inTheWay), options);
    const release = await makeRelease(
      target,
      {
        action: `rollback to ${earlier.revision}`,
        overrides: earlier.overrides,
        plan,
        seen: Math.max(...releases.map((one) => one.revision)),
      },
      await kindClusterOf(target.kubectl.context),
      { ...options, backup: false, allowIncompatible: false, rollbackOnFailure: false, restore: inTheWay },
    );
    done(
      options,
      release,
      `\nRelease ${release.revision} runs in ${environment}: release ${earlier.revision} again.`,
    );
  });

async function compare(target: Target, options: Options): Promise<Plan> {
  let plan: Plan | undefined;
  await stepList<object>(options, [
    {
      title: 'Compare',
      task: async () => {
        plan = await target.kubectl.plan(target.config.environment, target.wanted);
        checkAccepted(plan);
      },
    },
  ]).run({});
  if (!plan) throw new Error('rollback: nothing was compared');
  return plan;
}

/** Reports incompatible schemas before anything changes. */
function refuse(environment: string, revision: number, inTheWay: readonly Obstacle[]): void {
  const [first] = inTheWay;
  if (!first) return;
  const services = inTheWay.map(({ service }) => service).join(', ');
  throw new Failure(
    `rollback: release ${revision} does not work with the databases of ${services}, which release ${first.revision} migrated`,
    `./platform rollback ${environment} ${revision} --restore-backup restores their backups from before; what was written since is lost`,
  );
}

function show(plan: Plan, inTheWay: readonly Obstacle[]): void {
  showPlan(plan);
  for (const { service, backup, revision } of inTheWay)
    line(
      `! the database of ${service} is restored from ${backup ?? `the backup before release ${revision}`}`,
    );
}

const question = (environment: string, revision: number, inTheWay: readonly Obstacle[]): string =>
  inTheWay.length > 0
    ? `Apply release ${revision} to ${environment} again and LOSE what was written to ${inTheWay.map(({ service }) => service).join(', ')} since?`
    : `Apply release ${revision} to ${environment} again?`;

function done(options: Options, result: object, text = 'Nothing was changed (--dry-run).'): void {
  if (options.json) json(result);
  else line(text);
}
