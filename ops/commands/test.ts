import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { attach } from '../tools/run.ts';
import { servicesOf, verb } from './options.ts';
import { line } from './print.ts';

type Command = readonly [string, ...string[]];

const TESTS: Command = ['npm', '--silent', 'test'];

/** @param name a service, `platform`, or nothing for everything. @throws Failure for an unknown name. */
export function testCommand(services: readonly ServiceSpec[], name: string | undefined): Command {
  if (name === undefined) return TESTS;
  const known = ['platform', ...services.map((spec) => spec.name)];
  if (!known.includes(name))
    throw new Failure(`test: "${name}" is not a service`, `expected ${known.join(', ')}`);
  return [...TESTS, '--', '--only', name];
}

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
