/** The operations command: registers the verbs, and turns whatever they throw into one line and an exit status. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../charts/config/error.ts';
import { PLATFORM_VERSION } from '../charts/config/versions.ts';
import { architecture } from './commands/architecture.ts';
import { build } from './commands/build.ts';
import { diff } from './commands/diff.ts';
import { down } from './commands/down.ts';
import { network } from './commands/network.ts';
import { status } from './commands/status.ts';
import { synth } from './commands/synth.ts';
import { up } from './commands/up.ts';
import { Failure, messageOf } from './core/failure.ts';

const program = new Command('platform')
  .description('AI assistants for 1C:Enterprise: render, run and look after the platform.')
  .version(PLATFORM_VERSION)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`${messageOf(text)}\n`) })
  .addHelpText(
    'after',
    `
Exit status:
  0  done
  1  refused, failed, or bad input; one line on standard error says what and what next
  2  diff only: the difference could not be found out (1: there is one)

Example:
  $ ./platform up && ./platform status`,
  );
for (const command of [synth, build, up, down, status, diff, architecture, network])
  program.addCommand(command.copyInheritedSettings(program));

/** `diff` answers with 1; its failures need a status of their own. */
const FAILED = process.argv[2] === 'diff' ? 2 : 1;

function report(error: unknown): void {
  if (error instanceof Failure) for (const detail of error.details) console.log(detail);
  const expected = error instanceof Failure || error instanceof ConfigError;
  const hint = expected || process.env.PLATFORM_DEBUG ? '' : ' (PLATFORM_DEBUG=1 shows where)';
  console.error(`error: ${messageOf(error)}${hint}`);
  if (process.env.PLATFORM_DEBUG && error instanceof Error) console.error(error.stack);
  process.exitCode = FAILED;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : FAILED;
  else report(error);
}
