/** Asks before a step that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { Failure } from '../core/failure.ts';
import { interrupted } from '../tools/interrupt.ts';

export interface ConfirmOptions {
  readonly yes?: boolean;
}

/**
 * Returns when the user confirms or gave `--yes`.
 *
 * @param verb the name the error message begins with.
 * @throws Failure when the answer is anything else, or there is no terminal to ask on.
 */
export async function confirm(verb: string, question: string, { yes }: ConfirmOptions): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new Failure(`${verb}: not confirmed, and there is no terminal to ask on`, 'add --yes');
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: interrupted });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(`${verb}: not confirmed`, 'nothing was changed');
  } finally {
    prompt.close();
  }
}
