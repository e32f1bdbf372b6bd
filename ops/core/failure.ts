/** Exit status after Ctrl-C: 128 and the number of the signal, as in shells. */
export const INTERRUPTED = 130;

/** An error an operator can act on: one line with the cause and the next step. */
export class Failure extends Error {
  /**
   * @param details lines to print before the message.
   * @param exitStatus when it differs from the command's usual one.
   */
  constructor(
    cause: string,
    nextStep?: string,
    readonly details: readonly string[] = [],
    readonly exitStatus?: number,
  ) {
    super(nextStep ? `${cause}; ${nextStep}` : cause);
    this.name = 'Failure';
  }
}

/** The message of any thrown value, on one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replaceAll(/\s*\n\s*/g, ' ');
}
