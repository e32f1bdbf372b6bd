/**
 * How long the operations command takes: `npm run bench:command [-- RUNS] [--json]`.
 *
 * Prints medians over RUNS runs (default 15, at least 10) beside an empty Node and, where they are on PATH, helm
 * template and kustomize build of the same objects and the version of kubectl. All take turns, so that a busy moment
 * of the machine meets each of them alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { ENVIRONMENTS } from '../charts/config/environments.ts';
import { available, command, median, runsOf, writeHelmChart, writeKustomization } from './support.ts';

interface Contender {
  readonly what: string;
  readonly run: () => void;
}

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const runs = runsOf(positionals[0]);
const scratch = mkdtempSync(join(tmpdir(), 'bench-command-'));

const program = (what: string, ...[name = '', ...args]: readonly string[]): Contender => ({
  what,
  run: () => command(name, ...args),
});
const platform = (...args: readonly string[]): Contender =>
  program(`./platform ${args.join(' ')}`, './platform', ...args);

/** Each environment is a call of its own. */
const forEach = (what: string, name: string, ...args: readonly string[]): Contender => ({
  what,
  run: () => {
    for (const environment of ENVIRONMENTS) command(name, ...args, join(scratch, name, environment));
  },
});

function peers(): readonly Contender[] {
  const found: Contender[] = [];
  for (const environment of ENVIRONMENTS) {
    writeHelmChart(join(scratch, 'helm', environment), join(scratch, 'out', environment));
    writeKustomization(join(scratch, 'kustomize', environment), join(scratch, 'out', environment));
  }
  const count = `${ENVIRONMENTS.length} environments`;
  if (available('helm', 'version'))
    found.push(forEach(`helm template, ${count}`, 'helm', 'template', 'platform'));
  if (available('kustomize', 'version'))
    found.push(forEach(`kustomize build, ${count}`, 'kustomize', 'build'));
  if (available('kubectl', 'version', '--client'))
    found.push(program('kubectl version --client', 'kubectl', 'version', '--client'));
  return found;
}

function measure(contenders: readonly Contender[]): readonly { what: string; ms: number }[] {
  const samples = contenders.map(({ what, run }) => {
    run();
    return { what, run, times: [] as number[] };
  });
  for (let round = 1; round <= runs; round++) {
    process.stderr.write(`round ${round} of ${runs}\n`);
    for (const { run, times } of samples) {
      const started = performance.now();
      run();
      times.push(performance.now() - started);
    }
  }
  return samples.map(({ what, times }) => ({ what, ms: median(times) }));
}

try {
  const out = join(scratch, 'out');
  const synth: Contender = { ...platform('synth', '--out', out), what: './platform synth' };
  synth.run();
  const empty = program('node -e 0', 'node', '-e', '0');
  const rows = measure([
    empty,
    platform('--version'),
    platform('--help'),
    platform('status', '--help'),
    platform('completion', 'bash'),
    synth,
    ...peers(),
    program('npx cdk8s synth', 'npx', 'cdk8s', 'synth', '--output', join(scratch, 'cdk8s')),
  ]);
  if (values.json) console.info(JSON.stringify({ runs, rows }));
  else print(rows);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function print(rows: readonly { readonly what: string; readonly ms: number }[]): void {
  const floor = rows[0]?.ms ?? Number.NaN;
  const head = [`median of ${runs} runs`, 'ms', 'beyond node'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { what, ms } of rows) table.push([what, ms.toFixed(0), (ms - floor).toFixed(0)]);
  console.info(table.toString());
}
