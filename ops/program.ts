/** The verbs as one program: an error becomes one line on standard error and an exit status. */
import { Command, CommanderError } from 'commander';
import { PLATFORM_VERSION } from '../charts/config/versions.ts';
import { ConfigError } from '../charts/graph/error.ts';
import { Failure, INTERRUPTED, messageOf } from './core/failure.ts';
import { interruptible } from './tools/interrupt.ts';
import { VERBS } from './verbs.ts';

const VERSION = ['-V', '--version'];

const EPILOGUE = `
Exit status:
  0  done
  1  refused, failed, or bad input; one line on standard error has the cause and the next step
  2  diff only: the comparison failed (1: there is a difference)
  ${INTERRUPTED}  interrupted by Ctrl-C, after clean-up; a second Ctrl-C ends at once, without it

Example:
  $ ./platform up && ./platform status`;

/**
 * Runs one command line and sets `process.exitCode`.
 *
 * @param argv the arguments after the name of the command.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const [asked = ''] = argv;
  // `diff` ends with 1 when it finds changes, so its failures need another status.
  const failed = asked === 'diff' ? 2 : 1;
  try {
    const program = await programFor(asked);
    await interruptible(() => program.parseAsync(argv, { from: 'user' }));
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : failed;
    else report(error, failed);
  }
}

/** Loads only the requested verb; without one loads all, for the help and for suggestions. */
async function programFor(asked: string): Promise<Command> {
  const verb = VERBS.find(({ name }) => name === asked);
  const help = ['./platform', ...(verb ? [verb.name] : []), '--help'].join(' ');
  const program = new Command('platform')
    .description('AI assistants for 1C:Enterprise: render, run and operate the platform.')
    .version(PLATFORM_VERSION)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${messageOf(text)}; see ${help}\n`) })
    .addHelpText('after', EPILOGUE);
  const loaded = verb ? [verb] : VERSION.includes(asked) ? [] : VERBS;
  for (const { group, load } of loaded)
    program.addCommand((await load()).copyInheritedSettings(program).helpGroup(`${group}:`));
  return program;
}

function report(error: unknown, failed: number): void {
  if (error instanceof Failure) process.stdout.write(error.details.map((detail) => `${detail}\n`).join(''));
  const expected = error instanceof Failure || error instanceof ConfigError;
  const hint = expected || process.env.PLATFORM_DEBUG ? '' : ' (PLATFORM_DEBUG=1 shows where)';
  process.stderr.write(`error: ${messageOf(error)}${hint}\n`);
  if (process.env.PLATFORM_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = error instanceof Failure ? (error.exitStatus ?? failed) : failed;
}
