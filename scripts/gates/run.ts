/** Runs gates, several at once, and reports each result. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { execa } from 'execa';
import { messageOf } from '../../ops/core/failure.ts';
import { ROOT } from '../../ops/core/paths.ts';
import { inParallel } from '../../ops/tools/parallel.ts';
import { type Gate, JUNIT } from './gate.ts';
import { readJunit, type Test } from './junit.ts';

/** The failure of a gate that a signal ended. */
export const INTERRUPTION = 'interrupted';

export interface Outcome {
  readonly gate: Gate;
  readonly seconds: number;
  /** Why the gate failed; undefined when it passed. */
  readonly failure?: string;
  readonly tests: readonly Test[];
  /** File with the gate's output; undefined when that went to the terminal. */
  readonly log?: string;
}

export interface Options {
  /** Gates at the same time. */
  readonly jobs: number;
  /** For logs and reports. */
  readonly folder: string;
  /** Ends running gates; those that have not begun fail. */
  readonly signal: AbortSignal;
  readonly onBegin: (gate: Gate) => void;
  readonly onEnd: (outcome: Outcome) => void;
}

/** Seconds an interrupted gate has for clean-up. */
const GRACE_SECONDS = 15;

/** Runs every gate, in this order, even after failures. A gate that runs alone writes to the terminal. */
export async function runGates(gates: readonly Gate[], options: Options): Promise<readonly Outcome[]> {
  const { jobs, signal, folder, onBegin, onEnd } = options;
  const alone = gates.length === 1;
  return inParallel(gates, jobs, async (gate) => {
    if (signal.aborted) return { gate, seconds: 0, failure: INTERRUPTION, tests: [] };
    onBegin(gate);
    const outcome = await runGate(gate, join(folder, gate.name.replaceAll(':', '-')), signal, alone);
    onEnd(outcome);
    return outcome;
  });
}

async function runGate(gate: Gate, folder: string, signal: AbortSignal, alone: boolean): Promise<Outcome> {
  mkdirSync(folder, { recursive: true });
  const log = alone ? undefined : join(folder, 'log');
  const begin = performance.now();
  const ended = await execute(gate, folder, log, signal);
  const seconds = (performance.now() - begin) / 1000;
  const { tests, problem } = gate.tests ? testsIn(JUNIT.replace('{folder}', folder)) : NO_TESTS;
  const failure = ended ?? problem;
  return { gate, seconds, tests, ...(failure ? { failure } : {}), ...(log ? { log } : {}) };
}

/** @returns why the gate failed; undefined when it passed. */
async function execute(
  { command: [tool, ...args], cwd = ROOT, env = () => ({}) }: Gate,
  folder: string,
  log: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const fill = (text: string): string => text.replaceAll('{folder}', folder);
  // A process that the command leaves behind would hold a pipe open, but not a file.
  const output = log === undefined ? 'inherit' : createWriteStream(log);
  if (output !== 'inherit') await once(output, 'open');
  const child = execa(tool, args.map(fill), {
    cwd,
    env: Object.fromEntries(Object.entries(env()).map(([name, value]) => [name, fill(value)])),
    stdio: ['ignore', output, output],
    // A group of its own, so that a signal can end all its processes.
    detached: true,
    reject: false,
  });
  const release = hold(child.pid, signal);
  const { failed, exitCode, signal: killedBy, originalMessage } = await child;
  release();
  if (output !== 'inherit') output.end();
  if (signal.aborted) return INTERRUPTION;
  if (!failed) return undefined;
  if (killedBy) return `killed by ${killedBy}`;
  return exitCode === undefined ? `not started: ${originalMessage}` : `exit status ${exitCode}`;
}

const running = new Set<number>();
process.on('exit', () => {
  for (const group of running) kill(group, 'SIGKILL');
});

/** Ends a process group when `signal` aborts. @returns a function that ends the rest after its leader. */
function hold(group: number | undefined, signal: AbortSignal): () => void {
  if (group === undefined) return () => undefined;
  running.add(group);
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    kill(group, 'SIGTERM');
    timer = setTimeout(() => kill(group, 'SIGKILL'), GRACE_SECONDS * 1000);
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return () => {
    signal.removeEventListener('abort', end);
    clearTimeout(timer);
    running.delete(group);
    kill(group, 'SIGKILL');
  };
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Tests {
  readonly tests: readonly Test[];
  /** Why the tests do not count as passed, even with exit status 0. */
  readonly problem?: string;
}

const NO_TESTS: Tests = { tests: [] };

function testsIn(report: string): Tests {
  try {
    const tests = readJunit(report);
    const failed = tests.filter(({ result }) => result === 'failed').length;
    if (failed > 0) return { tests, problem: `${failed} tests failed, although its exit status is 0` };
    return tests.some(({ result }) => result === 'passed') ? { tests } : { tests, problem: 'it ran no test' };
  } catch (error) {
    return { tests: [], problem: messageOf(error) };
  }
}
