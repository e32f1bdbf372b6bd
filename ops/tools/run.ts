/** Runs a tool and turns its failure into one line. */
import { execa } from 'execa';
import { Failure } from '../core/failure.ts';
import { interrupted, interruptedFailure } from './interrupt.ts';

export interface RunOptions {
  /** Standard input. @default none */
  readonly input?: string;
  /** @default the current folder */
  readonly cwd?: string;
  /** Is given what the tool says while it runs, line by line. @default nobody */
  readonly onLine?: (line: string) => void;
  /** Exit statuses that are an answer, not a failure. @default [0] */
  readonly accept?: readonly number[];
  /** Goes on when the command is interrupted: for tidying up. @default false */
  readonly uninterrupted?: boolean;
}

export interface RunResult {
  readonly stdout: string;
  readonly exitCode: number;
}

/** @throws Failure with the tool's own first error line. */
export async function run(
  tool: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { input = '', cwd, accept = [0], onLine, uninterrupted = false } = options;
  const running = execa(tool, args, {
    input,
    reject: false,
    maxBuffer: 200_000_000,
    all: onLine !== undefined,
    ...(cwd ? { cwd } : {}),
    // In a group of its own, Ctrl-C does not reach it.
    ...(uninterrupted ? { detached: true } : { cancelSignal: interrupted }),
  });
  if (onLine) for await (const line of running.iterable({ from: 'all' })) onLine(line);
  const result = await running;
  if (result.exitCode !== undefined && accept.includes(result.exitCode))
    return { stdout: result.stdout, exitCode: result.exitCode };
  if (interrupted.aborted && !uninterrupted) throw interruptedFailure();
  const what = [tool, ...args.filter((arg) => !arg.startsWith('-'))].slice(0, 3).join(' ');
  throw new Failure(`${what} failed: ${errorLine(result.stderr) || (result.shortMessage ?? 'no message')}`);
}

export const stdoutOf = async (
  tool: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> => (await run(tool, args, options)).stdout;

/** The line that names the error, and how many more there are. */
export function errorLine(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(warning|\[warning\])/i.test(line));
  const errors = lines.filter((line) =>
    /error|denied|invalid|forbidden|fail|unable|refused|not found/i.test(line),
  );
  const [first = lines.at(-1) ?? ''] = errors;
  return errors.length > 1 ? `${first} (and ${errors.length - 1} more lines)` : first;
}
