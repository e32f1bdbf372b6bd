/** `npm test` and `npm run check`: runs the gates. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { line, table } from '../../ops/commands/print.ts';
import { Failure, INTERRUPTED, messageOf } from '../../ops/core/failure.ts';
import { ROOT } from '../../ops/core/paths.ts';
import { interrupted, interruptible } from '../../ops/tools/interrupt.ts';
import { attach } from '../../ops/tools/run.ts';
import { type Gate, onlyFiles, select, TIERS, type Tier } from './gate.ts';
import { GATES } from './gates.ts';
import { printReport } from './report.ts';
import { INTERRUPTION, type Outcome, runGates } from './run.ts';

interface Settings {
  readonly only?: readonly string[];
  readonly list?: boolean;
  /** `true` when no file follows the option. */
  readonly files?: readonly string[] | true;
  readonly jobs: number;
}

const now = (): string => new Date().toTimeString().slice(0, 8);

function progress(total: number): { onBegin(gate: Gate): void; onEnd(outcome: Outcome): void } {
  let ended = 0;
  return {
    onBegin: (gate) => line(`${now()}        begin  ${gate.name}`),
    onEnd: ({ gate, failure, seconds, log }) => {
      ended += 1;
      const count = `${ended}/${total}`.padStart(6);
      line(
        `${now()} ${count} ${failure ? 'FAILED' : 'passed'} ${gate.name}, ${seconds.toFixed(1)} s${failure ? `: ${failure}` : ''}`,
      );
      if (failure && failure !== INTERRUPTION && log)
        line(
          `--- ${gate.name}: ${gate.command.join(' ')}\n${readFileSync(log, 'utf8')}--- end of ${gate.name}`,
        );
    },
  };
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError(`"${text}" is not a whole number of at least 1`);
  return number;
}

/** Installs what several gates need before they run, because they run in parallel. */
function preparations(gates: readonly Gate[]): readonly NonNullable<Gate['prepare']>[] {
  const named = new Map(gates.flatMap(({ prepare }) => (prepare ? [[prepare.join(' '), prepare]] : [])));
  return [['scripts/python-env'], ...named.values()];
}

async function run(gates: readonly Gate[], jobs: number): Promise<void> {
  for (const command of preparations(gates)) {
    const [tool, ...args] = command;
    if ((await attach(tool, args, { cwd: ROOT })) !== 0)
      throw new Failure(`${command.join(' ')} failed`, 'see its messages above');
  }
  const begin = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'gates-'));
  try {
    const options = { jobs, folder, signal: interrupted, ...progress(gates.length) };
    const outcomes = await runGates(gates, options);
    printReport(outcomes, (performance.now() - begin) / 1000);
    if (outcomes.some(({ failure }) => failure)) process.exitCode = interrupted.aborted ? INTERRUPTED : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const program = new Command('gates')
  .description('Runs the checks of the repository, several at once; fails when one of them does.')
  .addArgument(new Argument('<tier>', 'which, each with those before it').choices(TIERS))
  .option('--only <name...>', 'only these: names, tools or parts, such as mypy:security, mypy or security')
  .option('--jobs <number>', 'how many at once', positive, availableParallelism())
  .option('--files [file...]', 'only these test files, or all when none is named; for vitest')
  .option('--list', 'only show them')
  .action(async (tier: Tier, { only = [], list, jobs, files = [] }: Settings) => {
    const gates = onlyFiles(select(GATES, tier, only), files === true ? [] : files);
    if (list)
      table(
        ['gate', 'tier', 'checks'],
        gates.map((gate) => [gate.name, gate.tier, gate.checks]),
      );
    else await run(gates, jobs);
  });

try {
  await interruptible(() => program.parseAsync());
} catch (error) {
  console.error(`error: ${messageOf(error)}`);
  process.exitCode = error instanceof Failure ? (error.exitStatus ?? 1) : 1;
}
