/**
 * Checks dist with a scanner that users may run: `npm run scan:checkov`, `npm run scan:kube-score`, each `[--
 * --json]`; `--install` only installs both. Ends with 1 for a finding without a reason, a reason without a
 * finding, or an object the scanner did not read.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { ENVIRONMENTS } from '../charts/config/environments.ts';
import { expectedOfCheckov, installCheckov, runCheckov } from './scanners/checkov.ts';
import { GO_IS_MISSING } from './scanners/go.ts';
import { type Finding, judge, type Scan } from './scanners/judge.ts';
import { expectedOfKubeScore, installKubeScore, runKubeScore } from './scanners/kube-score.ts';
import { type Manifests, manifestsIn } from './scanners/manifests.ts';
import { SCANNERS, type Scanner, SKIPS } from './scanners/skips.ts';

interface Tool {
  /** Returns false, and says why, when this machine cannot install the scanner. */
  readonly install: () => Promise<boolean>;
  readonly missing: string;
  readonly run: (
    folder: string,
    manifests: Manifests,
  ) => Promise<{ readonly seen: number; readonly findings: readonly Finding[] }>;
  readonly expected: (manifests: Manifests) => number;
}

const TOOLS: Readonly<Record<Scanner, Tool>> = {
  checkov: {
    install: () => installCheckov().then(() => true),
    missing: '',
    run: runCheckov,
    expected: expectedOfCheckov,
  },
  'kube-score': {
    install: installKubeScore,
    missing: GO_IS_MISSING,
    run: runKubeScore,
    expected: expectedOfKubeScore,
  },
};

interface TimedScan extends Scan {
  readonly seconds: number;
}

async function scan({ run, expected }: Tool, environment: string): Promise<TimedScan> {
  const started = performance.now();
  const folder = `dist/${environment}`;
  const manifests = manifestsIn(folder);
  const { seen, findings } = await run(folder, manifests);
  const seconds = (performance.now() - started) / 1000;
  return { environment, seen, expected: expected(manifests), findings, seconds };
}

function report(scanner: Scanner, scans: readonly TimedScan[], problems: readonly string[]): void {
  if (values.json) {
    const counts = scans.map(({ findings, ...rest }) => ({ ...rest, findings: findings.length }));
    console.info(JSON.stringify({ scanner, environments: counts, problems }));
    return;
  }
  const head = [scanner, 'objects', 'seen', 'findings', 'seconds'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { environment, expected, seen, findings, seconds } of scans)
    table.push([environment, expected, seen, findings.length, seconds.toFixed(1)]);
  console.info(table.toString());
  for (const problem of problems) console.error(`${scanner}: ${problem}`);
  if (problems.length === 0) console.info(`${scanner}: every finding has its reason (docs/security.md)`);
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, install: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.install) {
  for (const { install } of Object.values(TOOLS)) await install();
  process.exit();
}
const scanner = SCANNERS.find((name) => name === positionals[0]);
if (!scanner)
  throw new RangeError(`SCANNER: "${positionals[0] ?? ''}" is not valid, expected ${SCANNERS.join(' or ')}`);
const tool = TOOLS[scanner];
if (await tool.install()) {
  const scans = await Promise.all(ENVIRONMENTS.map((environment) => scan(tool, environment)));
  const problems = judge(scanner, SKIPS, scans);
  report(scanner, scans, problems);
  if (problems.length > 0) process.exitCode = 1;
} else {
  console.error(`\n!!! ${scanner} WAS NOT RUN: ${tool.missing}\n`);
  if (process.env.CI) process.exitCode = 1;
}
