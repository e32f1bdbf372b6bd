/** Runs a tool and turns its failure into one line. */
import { execa } from 'execa';
import { Failure } from '../core/failure.ts';
import { interrupted, interruptedFailure } from './interrupt.ts';

export interface RunOptions {
  /** Standard input. @default none */
  readonly input?: string;
  /** @default the current folder */
  readonly cwd?: string;
  /** Receives the tool's output line by line; nothing else keeps the output. @default none */
  readonly onLine?: (line: string) => void;
  /** Streams that `onLine` receives. @default standard output and standard error */
  readonly lines?: 'all' | 'stdout';
  /** Exit statuses that are a result, not a failure. @default [0] */
  readonly accept?: readonly number[];
  /** Continues after an interruption, for clean-up. @default false */
  readonly uninterrupted?: boolean;
}

export interface RunResult {
  readonly stdout: string;
  readonly exitCode: number;
}

function start(tool: string, args: readonly string[], options: RunOptions) {
  const { input = '', cwd, onLine, lines = 'all', uninterrupted = false } = options;
  return execa(tool, args, {
    input,
    reject: false,
    maxBuffer: 200_000_000,
    all: onLine !== undefined && lines === 'all',
    // A log followed for days must not fill the memory.
    buffer: { stdout: onLine === undefined },
    ...(cwd ? { cwd } : {}),
    // Ctrl-C does not reach a process in its own group.
    ...(uninterrupted ? { detached: true } : { cancelSignal: interrupted }),
  });
}

/** @throws Failure with the tool's own first error line. */
export async function run(
  tool: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { accept = [0], onLine, lines = 'all', uninterrupted = false } = options;
  const running = start(tool, args, options);
  if (onLine) for await (const line of running.iterable({ from: lines })) onLine(line);
  const { exitCode, stdout, stderr, shortMessage } = await running;
  if (exitCode !== undefined && accept.includes(exitCode)) return { stdout: stdout ?? '', exitCode };
  if (interrupted.aborted && !uninterrupted) throw interruptedFailure();
  const what = [tool, ...args.filter((arg) => !arg.startsWith('-'))].slice(0, 3).join(' ');
  throw new Failure(`${what} failed: ${errorLine(stderr ?? '') || (shortMessage ?? 'no message')}`);
}

export const stdoutOf = async (
  tool: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> => (await run(tool, args, options)).stdout;

/** Runs a tool on this terminal, or with `input`; returns its exit status. @throws Failure without one. */
export async function attach(
  tool: string,
  args: readonly string[],
  options: { readonly input?: string; readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<number> {
  const { input, ...rest } = options;
  const { exitCode, shortMessage } = await execa(tool, args, {
    ...rest,
    ...(input === undefined ? { stdin: 'inherit' } : { input }),
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
    cancelSignal: interrupted,
  });
  if (interrupted.aborted) throw interruptedFailure();
  if (exitCode === undefined) throw new Failure(`${tool} failed: ${shortMessage ?? 'no message'}`);
  return exitCode;
}

/** The line that names the error, and the number of further lines. */
export function errorLine(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(warning|\[warning\])/i.test(line));
  const errors = lines.filter((line) =>
    /error|fatal|denied|invalid|forbidden|fail|unable|refused|not found/i.test(line),
  );
  const [first = lines.at(-1) ?? ''] = errors;
  return errors.length > 1 ? `${first} (and ${errors.length - 1} more lines)` : first;
}
