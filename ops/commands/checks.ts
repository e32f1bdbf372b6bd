import { refusePlaceholders } from '../core/checks.ts';
import { changes, sentOf } from '../core/plan.ts';
import { validate as check } from '../steps/validate.ts';
import { checkTools } from '../tools/check-tools.ts';
import { kindClusterOf } from '../tools/kind.ts';
import {
  type ClusterOptions,
  type DeploymentOptions,
  targetOf,
  verb,
  withCluster,
  withDeployment,
} from './options.ts';
import { json, line, table } from './print.ts';
import { showPlan } from './release.ts';

export const diff = withCluster(
  verb(
    'diff',
    'show what an apply would change; exit status 0 nothing, 1 something, 2 the comparison failed',
    './platform diff --env dev',
  ),
).action(async (options: ClusterOptions) => {
  const { kubectl, config, wanted } = await targetOf(options);
  await checkTools(['kubectl']);
  await kubectl.reach();
  const plan = await kubectl.plan(config.environment, wanted);
  const comparable = plan.changed.filter((object) => !plan.recreated.includes(object));
  const text = await kubectl.diff(comparable.map((object) => sentOf(plan, object)));
  if (text) line(text);
  showPlan(plan);
  process.exitCode = changes(plan) + plan.refused.length > 0 ? 1 : 0;
});

interface Options extends DeploymentOptions {
  readonly json?: boolean;
}

export const validate = withDeployment(
  verb(
    'validate',
    'run the checks of deploy and change nothing; exit status 1 for a problem',
    './platform validate staging --context staging',
  ),
)
  .option('--json', 'print the checks as JSON')
  .action(async (environment: string, options: Options) => {
    const target = await targetOf({ ...options, env: environment });
    refusePlaceholders(target.config, target.wanted);
    await checkTools(['kubectl']);
    await target.kubectl.reach();
    const checks = await check(target, await kindClusterOf(target.kubectl.context));
    if (options.json) json(checks);
    else
      table(
        ['check', 'result', 'found'],
        checks.map(({ name, result, detail }) => [name, result, detail]),
      );
    if (checks.some(({ result }) => result === 'problem')) process.exitCode = 1;
  });
