/** The operations command: registers the verbs, and turns whatever they throw into one line and an exit status. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../charts/config/error.ts';
import { PLATFORM_VERSION } from '../charts/config/versions.ts';
import { Failure, INTERRUPTED, messageOf } from './core/failure.ts';
import { interruptible } from './tools/interrupt.ts';
import { VERBS } from './verbs.ts';

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
  ${INTERRUPTED}  interrupted by Ctrl-C; what was begun has been tidied up, a second Ctrl-C does not wait for that

Example:
  $ ./platform up && ./platform status`,
  );

/** Only the verb that is asked for is loaded; the others when the help, or an unknown name, needs all of them. */
async function register(asked: string | undefined): Promise<void> {
  const known = VERBS.filter(({ name }) => name === asked);
  for (const { group, load } of known.length > 0 ? known : VERBS)
    program.addCommand((await load()).copyInheritedSettings(program).helpGroup(`${group}:`));
}

/** `diff` answers with 1; its failures need a status of their own. */
const FAILED = process.argv[2] === 'diff' ? 2 : 1;

function report(error: unknown): void {
  if (error instanceof Failure) for (const detail of error.details) console.log(detail);
  const expected = error instanceof Failure || error instanceof ConfigError;
  const hint = expected || process.env.PLATFORM_DEBUG ? '' : ' (PLATFORM_DEBUG=1 shows where)';
  console.error(`error: ${messageOf(error)}${hint}`);
  if (process.env.PLATFORM_DEBUG && error instanceof Error) console.error(error.stack);
  process.exitCode = error instanceof Failure ? (error.exitStatus ?? FAILED) : FAILED;
}

// Who reads, such as `head`, may have had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await register(process.argv[2]);
  await interruptible(() => program.parseAsync());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : FAILED;
  else report(error);
}
