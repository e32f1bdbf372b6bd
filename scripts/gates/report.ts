/** The summary at the end of a run of gates. */
import { appendFileSync } from 'node:fs';
import { line, table } from '../../ops/commands/print.ts';
import { toolOf } from './gate.ts';
import type { Test } from './junit.ts';
import type { Outcome } from './run.ts';

const SLOWEST = 10;

/** Each test counts as one. So does each gate that runs no tests or failed for another reason. */
export function totals(outcomes: readonly Outcome[]): { readonly passed: number; readonly failed: number } {
  const sum = (count: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0);
  return {
    passed: sum((outcome) =>
      outcome.gate.tests ? tests(outcome, 'passed') : Number(outcome.failure === undefined),
    ),
    failed: sum((outcome) => tests(outcome, 'failed') || Number(outcome.failure !== undefined)),
  };
}

/** Each failed test, with its gate. */
export function failedTests(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ gate, tests }) =>
    tests.filter(({ result }) => result === 'failed').map(({ name }) => `${gate.name}: ${name}`),
  );
}

const tests = (outcome: Outcome, result: Test['result']): number =>
  outcome.tests.filter((test) => test.result === result).length;

/** @param seconds duration of the run. */
export function printReport(outcomes: readonly Outcome[], seconds: number): void {
  for (const tool of new Set(outcomes.map(({ gate }) => toolOf(gate))))
    printSlowest(
      tool,
      outcomes.filter(({ gate }) => toolOf(gate) === tool),
    );
  line();
  table(
    ['gate', 'result', 'seconds', 'tests', 'skipped'],
    outcomes
      .toSorted((a, b) => b.seconds - a.seconds)
      .map((outcome) => [
        outcome.gate.name,
        outcome.failure ?? 'passed',
        outcome.seconds.toFixed(1),
        outcome.gate.tests ? outcome.tests.length : '',
        tests(outcome, 'skipped') || '',
      ]),
    2,
  );
  const failed = outcomes.filter(({ failure }) => failure).map(({ gate }) => gate.name);
  const { passed, failed: failures } = totals(outcomes);
  line();
  line(
    `${outcomes.length - failed.length} of ${outcomes.length} gates passed in ${seconds.toFixed(0)} s` +
      (failed.length > 0 ? `; not ${failed.join(', ')}` : ''),
  );
  // At the end, where the last lines of a long log still show them.
  for (const name of failedTests(outcomes)) line(`FAILED ${name}`);
  line(`${passed} passed, ${failures} failed`);
  // A caller that runs several of these adds up their totals.
  if (process.env.GATES_TOTALS) appendFileSync(process.env.GATES_TOTALS, `${passed} ${failures}\n`);
}

function printSlowest(tool: string, outcomes: readonly Outcome[]): void {
  const slowest = outcomes
    .flatMap((outcome) => outcome.tests)
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  if (slowest.length === 0) return;
  line();
  line(`The slowest tests of ${tool}:`);
  for (const test of slowest) line(`${test.seconds.toFixed(2).padStart(8)} s  ${test.name}`);
}
