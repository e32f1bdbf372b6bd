/** The operations command as a program of its own. */
import { run } from './program.ts';

/** @param argv the arguments after the name of the command. */
export async function main(argv: readonly string[]): Promise<void> {
  // The reader of a pipe, such as `head`, may close it early.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  await run(argv);
}
