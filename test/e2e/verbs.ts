/** Verbs of the command as a person types them, with the values the cluster was brought up with. */
import { expect } from 'vitest';
import { type Run, timed, VALUES } from './support.ts';

/** For verbs that compare the cluster with the configuration. */
export const withValues = (...args: readonly string[]): Promise<Run> => timed(...args, '--values', VALUES);

/** A run that must succeed. */
export async function succeeded(run: Promise<Run>): Promise<Run> {
  const finished = await run;
  expect(finished.exitCode, `${finished.stdout}\n${finished.stderr}`).toBe(0);
  return finished;
}

/** Standard output of a run that must succeed. */
export const done = async (run: Promise<Run>): Promise<string> => (await succeeded(run)).stdout;
