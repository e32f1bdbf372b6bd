/** The runner reports every kind of failure as a failure. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Gate, JUNIT, onlyFiles, select, TIERS } from '../../scripts/gates/gate.ts';
import { GATES } from '../../scripts/gates/gates.ts';
import { failedTests, totals } from '../../scripts/gates/report.ts';
import { type Outcome, runGates } from '../../scripts/gates/run.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gate = (name: string, script: string, more: Partial<Gate> = {}): Gate => ({
  name,
  checks: '',
  tier: 'check',
  command: ['bash', '-c', script],
  ...more,
});
const PASSES = gate('passes', 'true');

interface Run {
  readonly jobs?: number;
  readonly signal?: AbortSignal;
}

async function run(gates: readonly Gate[], { jobs = 2, signal = new AbortController().signal }: Run = {}) {
  const events: string[] = [];
  const outcomes = await runGates(gates, {
    jobs,
    signal,
    folder: mkdtempSync(join(folder, 'run-')),
    onBegin: ({ name }) => events.push(`begin ${name}`),
    onEnd: ({ gate: { name } }) => events.push(`end ${name}`),
  });
  return { events, outcomes, failures: outcomes.map(({ failure }) => failure) };
}

const junit = (cases: string) =>
  `printf '<testsuites><testsuite>${cases}</testsuite></testsuites>' > ${JUNIT}`;
const PASSED = '<testcase classname="a" name="one" time="0.5"/>';
const FAILED = '<testcase classname="a" name="two" time="1.5"><failure message="x">y</failure></testcase>';
const SKIPPED = '<testcase classname="a" name="three" time="0"><skipped/></testcase>';

describe('a gate fails when its command', () => {
  it.each([
    ['ends with 1', gate('x', 'exit 1'), 'exit status 1'],
    ['ends with 255', gate('x', 'exit 255'), 'exit status 255'],
    ['is killed', gate('x', 'kill -9 $$'), 'killed by SIGKILL'],
    ['is killed by a signal that asks', gate('x', 'kill -TERM $$'), 'killed by SIGTERM'],
    ['is missing', { ...PASSES, command: ['no-such-tool'] as const }, /^not started: .*no-such-tool/],
    ['has no such folder', { ...PASSES, cwd: '/no/such/folder' }, /^not started: .*\/no\/such\/folder/],
    ['writes no report', gate('x', 'true', { tests: true }), 'it wrote no report of its tests'],
    [
      'writes half a report',
      gate('x', `echo '<testsuites><a' > ${JUNIT}`, { tests: true }),
      /cannot be read/,
    ],
    ['runs no test', gate('x', junit(''), { tests: true }), 'it ran no test'],
    ['skips every test', gate('x', junit(SKIPPED), { tests: true }), 'it ran no test'],
    [
      'ends with 0 after a failed test',
      gate('x', junit(PASSED + FAILED), { tests: true }),
      '1 tests failed, although its exit status is 0',
    ],
  ])('%s', async (_, one, failure) => {
    for (const gates of [[one], [one, PASSES]]) {
      const { failures, outcomes } = await run(gates);
      expect(failures).toEqual([expect.stringMatching(failure), ...gates.slice(1).map(() => undefined)]);
      expect(totals(outcomes).failed).toBe(1);
    }
  });
});

describe('the runner', () => {
  it('runs every gate, whatever fails', async () => {
    const { failures } = await run([gate('a', 'exit 1'), gate('b', 'exit 2'), PASSES], { jobs: 1 });
    expect(failures).toEqual(['exit status 1', 'exit status 2', undefined]);
  });
  it('begins them in order, and no more at once than it may', async () => {
    const { events } = await run(
      ['a', 'b', 'c'].map((name) => gate(name, 'true')),
      { jobs: 1 },
    );
    expect(events).toEqual(['a', 'b', 'c'].flatMap((name) => [`begin ${name}`, `end ${name}`]));
  });
  it('runs as many at once as it may', async () => {
    const meet = (me: string, other: string) =>
      gate(me, `touch ${folder}/${me}; until [ -e ${folder}/${other} ]; do sleep 0.05; done`);
    expect((await run([meet('a', 'b'), meet('b', 'a')])).failures).toEqual([undefined, undefined]);
  });
  it('keeps all that a gate writes, in order', async () => {
    const { outcomes } = await run([gate('x', 'echo out; echo error >&2; echo out'), PASSES]);
    expect(readFileSync(outcomes[0]?.log ?? '', 'utf8')).toBe('out\nerror\nout\n');
  });
  it('does not wait for what a gate leaves behind, and ends it', async () => {
    const pid = join(folder, 'left-behind');
    await run([gate('x', `sleep 1000 & echo $! > ${pid}`), PASSES]);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 60_000 });
  });
  it('ends a gate with all its processes when it is interrupted, and begins no other', async () => {
    const pid = join(folder, 'interrupted');
    const controller = new AbortController();
    const waits = gate('waits', `sleep 1000 & echo $! > ${pid}.new; mv ${pid}.new ${pid}; wait`);
    const running = run([waits, PASSES], { jobs: 1, signal: controller.signal });
    await vi.waitFor(() => expect(existsSync(pid)).toBe(true), { timeout: 60_000 });
    controller.abort();
    const { failures, events } = await running;
    expect(failures).toEqual(['interrupted', 'interrupted']);
    expect(events).toEqual(['begin waits', 'end waits']);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 60_000 });
  });
});

function isRunning(pidFile: string): boolean {
  const stat = `/proc/${readFileSync(pidFile, 'utf8').trim()}/stat`;
  // Z: the process has ended, and its parent has not read its status yet.
  return existsSync(stat) && !/\) Z/.test(readFileSync(stat, 'utf8'));
}

describe('the sum', () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({ gate: PASSES, seconds: 1, tests: [], ...more });
  const tests = (await_: Outcome['tests']): Partial<Outcome> => ({
    gate: { ...PASSES, tests: true },
    tests: await_,
  });
  const test = (result: 'passed' | 'failed' | 'skipped') => ({ name: 'x', seconds: 1, result });

  it.each([
    ['a gate is one', [outcome({}), outcome({ failure: 'x' })], { passed: 1, failed: 1 }],
    [
      'each of its tests is one',
      [outcome(tests([test('passed'), test('skipped')]))],
      { passed: 1, failed: 0 },
    ],
    [
      'failed tests are counted, not their gate',
      [outcome({ ...tests([test('failed'), test('failed'), test('passed')]), failure: 'exit status 1' })],
      { passed: 1, failed: 2 },
    ],
    [
      'a gate that fails without a failed test is one more',
      [outcome({ ...tests([test('passed')]), failure: 'exit status 1' })],
      { passed: 1, failed: 1 },
    ],
  ])('%s', (_, outcomes, expected) => {
    expect(totals(outcomes)).toEqual(expected);
  });
  it('names each failed test with its gate', () => {
    const failed = outcome({ ...tests([test('passed'), test('failed')]), failure: 'exit status 1' });
    expect(failedTests([outcome({}), failed])).toEqual(['passes: x']);
  });
});

describe('names', () => {
  const gates = (['test', 'check', 'named'] as const).map((tier) => ({ ...PASSES, name: `${tier}:x`, tier }));
  const names = (...args: Parameters<typeof select>) => select(...args).map(({ name }) => name);

  it.each([
    ['test', [], ['test:x']],
    ['check', [], ['test:x', 'check:x']],
    ['check', ['check:x'], ['check:x']],
    ['check', ['x'], ['test:x', 'check:x']],
    ['named', ['named'], ['named:x']],
  ] as const)('%s %s selects %s', (tier, only, expected) => {
    expect(names(gates, tier, only)).toEqual(expected);
  });
  it('that select nothing are refused with those that would', () => {
    expect(() => select(gates, 'test', ['x', 'check', 'y'])).toThrow(
      '"check", "y" is no gate, expected some of test, x, or TOOL:PART (see --list)',
    );
    expect(() => select(gates, 'named', [])).toThrow('no gate is named, expected some of test, x, check');
  });
  it('of gates are unique', () => {
    expect(new Set(GATES.map(({ name }) => name)).size).toBe(GATES.length);
    expect(new Set(GATES.map(({ tier }) => tier))).toEqual(new Set(TIERS));
  });
});

describe('files of a gate', () => {
  const release = select(GATES, 'named', ['release']);
  it('are added to the command of vitest', () => {
    const [gate] = onlyFiles(release, ['test/release/deploy.test.ts']);
    expect(gate?.command.at(-1)).toBe('test/release/deploy.test.ts');
    expect(onlyFiles(release, [])).toEqual(release);
  });
  it.each([
    ['that is not there', release, 'test/release/none.test.ts', /"test\/release\/none.test.ts" is not there/],
    [
      'for another tool',
      select(GATES, 'check', ['mypy']),
      'package.json',
      /^mypy:.*--files is for gates of vitest/,
    ],
  ])('%s is refused', (_, gates, file, message) => {
    expect(() => onlyFiles(gates, [file])).toThrow(message);
  });
});
