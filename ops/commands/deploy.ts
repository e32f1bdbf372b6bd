import { type Check, refusePlaceholders } from '../core/checks.ts';
import { Failure } from '../core/failure.ts';
import { changes, checkAccepted, type Plan, summary } from '../core/plan.ts';
import { deployedRelease, digestOf, type Release } from '../core/release.ts';
import { readReleases } from '../steps/releases.ts';
import type { Target } from '../steps/target.ts';
import { validate } from '../steps/validate.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type KindCluster, kindClusterOf } from '../tools/kind.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import {
  confirmation,
  type DeploymentOptions,
  overridesOf,
  seconds,
  targetOf,
  verb,
  withDeployment,
} from './options.ts';
import { json, line } from './print.ts';
import { makeRelease, showPlan, stepList } from './release.ts';

interface Options extends DeploymentOptions, ConfirmOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly backup: boolean;
  readonly allowIncompatible?: boolean;
  readonly timeout: number;
}

export const deploy = withDeployment(
  verb(
    'deploy',
    'release these sources to an environment: check, back up, migrate, apply, roll out, test, record',
    './platform deploy production --context production --set images.tag=1.4.0',
  ),
)
  .option('--no-backup', 'take no backup of the databases first')
  .option(
    '--allow-incompatible',
    'apply migrations that are incompatible with the running release: its requests fail until the new pods are ready',
  )
  .option('--timeout <seconds>', 'how long to wait for the rollout', seconds, 600)
  .option('--dry-run', 'show what would be done')
  .addOption(confirmation())
  .option('--json', 'print the release as JSON')
  .addHelpText(
    'after',
    '\nWhen a step fails, the previous release is applied again and the exit status is 1; after Ctrl-C as well, with 130.',
  )
  .action(async (environment: string, options: Options) => {
    if (options.json && !options.yes && !options.dryRun)
      throw new Failure('deploy: --json asks nothing', 'add --yes, or --dry-run');
    const target = await targetOf({ ...options, env: environment });
    refusePlaceholders(target.config, target.wanted);
    const found = await prepare(target, options);
    const { plan, releases, local } = found;
    if (!options.json) showPlan(plan);
    const running = deployedRelease(releases);
    if (changes(plan) === 0 && running?.digest === digestOf(target.wanted))
      return print(running, plan, options);
    if (options.dryRun) return dryRun(found, options);
    await confirm('deploy', `Deploy this to ${environment} (${target.kubectl.context})?`, options);
    const release = await makeRelease(
      target,
      {
        action: 'deploy',
        overrides: overridesOf(options),
        plan,
        seen: Math.max(0, ...releases.map(({ revision }) => revision)),
      },
      local,
      {
        ...options,
        backup: options.backup && target.config.backups.enabled,
        allowIncompatible: options.allowIncompatible ?? false,
        rollbackOnFailure: true,
        restore: [],
      },
    );
    print(release, plan, options);
  });

interface Findings {
  plan: Plan;
  checks: readonly Check[];
  releases: readonly Release[];
  local: KindCluster | undefined;
}

async function prepare(target: Target, options: Options): Promise<Findings> {
  const findings: Partial<Findings> = {};
  const { kubectl, config, wanted } = target;
  await stepList<object>(options, [
    {
      title: 'Validate',
      task: async (_, shown) => {
        await checkTools(['kubectl']);
        await kubectl.reach();
        findings.local = await kindClusterOf(kubectl.context);
        findings.checks = await validate(target, findings.local);
        refuse(findings.checks, config.environment);
        shown.title = `Validate: ${describe(findings.checks)}`;
      },
    },
    {
      title: 'Compare',
      task: async (_, shown) => {
        findings.plan = await kubectl.plan(config.environment, wanted);
        checkAccepted(findings.plan);
        findings.releases = await readReleases(target);
        shown.title = `Compare: ${summary(findings.plan).replace('changed', 'to change')}`;
      },
    },
  ]).run({});
  const { plan, checks, releases, local } = findings;
  if (!plan || !checks || !releases) throw new Error('deploy: nothing was compared');
  return { plan, checks, releases, local };
}

function refuse(checks: readonly Check[], environment: string): void {
  const problems = checks
    .filter(({ result }) => result === 'problem')
    .flatMap(({ name, detail }) => detail.split('; ').map((one) => `${name}: ${one}`));
  if (problems.length === 0) return;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more problems)` : '';
  throw new Failure(`${environment}: ${problems[0]}${more}`, `see ./platform validate ${environment}`);
}

function describe(checks: readonly Check[]): string {
  const unverified = checks.filter(({ result }) => result === 'unverified');
  const rest = unverified.map(({ name, detail }) => `${name}: ${detail}`);
  return [`${checks.length - unverified.length} of ${checks.length} checks passed`, ...rest].join('; ');
}

function dryRun({ plan, checks }: Findings, options: Options): void {
  if (options.json) json({ dryRun: true, changes: counts(plan), checks });
  else line('Nothing was changed (--dry-run).');
}

const counts = (plan: Plan) => ({
  created: plan.created.length,
  updated: plan.changed.length,
  pruned: plan.pruned.length,
});

function print(release: Release, plan: Plan, options: Options): void {
  if (options.json) json({ ...release, changes: counts(plan) });
  else line(`\nRelease ${release.revision} runs in ${release.environment}.`);
}
