/** Ctrl-C: running tools end, `finally` blocks clean up, and the command says that it was interrupted. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, INTERRUPTED } from '../core/failure.ts';

const interruption = new AbortController();

/** Aborts when the user interrupts the command. */
export const interrupted: AbortSignal = interruption.signal;
// Every running tool listens, and many run at once.
setMaxListeners(0, interrupted);

export const interruptedFailure = (): Failure =>
  new Failure('interrupted', 'run the command again to go on', [], INTERRUPTED);

/** @throws Failure after an interruption; called before each step that must not begin then. */
export function checkInterrupted(): void {
  if (interrupted.aborted) throw interruptedFailure();
}

/** Runs a command so that the first signal interrupts it and the second ends it at once. */
export async function interruptible(command: () => Promise<unknown>): Promise<void> {
  const onSignal = (): void => {
    if (interrupted.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  try {
    await command();
  } catch (error) {
    throw interrupted.aborted ? interruptedFailure() : error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}

/** Waits, or throws at once when the command is interrupted. */
export async function pause(milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal: interrupted }).catch(checkInterrupted);
  checkInterrupted();
}
