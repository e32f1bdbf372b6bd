import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { testCommand } from '../core/test-plan.ts';
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
  .option('--dry-run', 'only print the command')
  .addHelpText('after', '\nTests on the cluster: npm run test:e2e.')
  .action(async (name: string | undefined, { dryRun }: Options) => {
    const command = testCommand(await servicesOf({ set: [], values: [] }), name);
    if (dryRun) return line(command.join(' '));
    const [tool, ...args] = command;
    const status = await attach(tool, args, { cwd: ROOT });
    if (status !== 0) throw new Failure(`test: failed with exit status ${status}`, 'see the messages above');
  });
