import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { testPlan } from '../core/test-plan.ts';
import { attach } from '../tools/run.ts';
import { servicesOf, verb } from './options.ts';
import { line } from './print.ts';

interface Options {
  readonly dryRun?: boolean;
}

export const test = verb(
  'test',
  "run the repository's tests, without a cluster: all, one service's, or the platform's",
  './platform test security',
)
  .argument('[service]', 'a service, or platform for charts and operations (default: everything)')
  .option('--dry-run', 'only print the commands')
  .addHelpText('after', '\nTests on the cluster: npm run test:e2e.')
  .action(async (name: string | undefined, { dryRun }: Options) => {
    const runs = testPlan(await servicesOf({ set: [], values: [] }), name);
    for (const { title, command } of runs) {
      const [tool, ...args] = command;
      line(dryRun ? command.join(' ') : `Testing ${title}: ${command.join(' ')}`);
      if (dryRun) continue;
      const status = await attach(tool, args, { cwd: ROOT });
      if (status !== 0)
        throw new Failure(`test: ${title} failed with exit status ${status}`, 'see the messages above');
    }
  });
