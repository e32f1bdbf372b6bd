/** Verbs of the command as a person types them, with the values the cluster was brought up with. */
import { expect } from 'vitest';
import { type Run, timed, VALUES } from './support.ts';

/** For verbs that compare the cluster with the configuration. */
export const withValues = (...args: readonly string[]): Promise<Run> => timed(...args, '--values', VALUES);

/** Standard output of a run that must succeed. */
export async function done(run: Promise<Run>): Promise<string> {
  const { stdout, stderr, exitCode } = await run;
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}
