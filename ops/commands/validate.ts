import { refusePlaceholders } from '../core/checks.ts';
import { validate as check } from '../steps/validate.ts';
import { checkTools } from '../tools/check-tools.ts';
import { kindClusterOf } from '../tools/kind.ts';
import { type DeploymentOptions, targetOf, verb, withDeployment } from './options.ts';
import { json, table } from './print.ts';

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
