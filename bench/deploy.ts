/**
 * How long it takes to deploy what runs already: `npm run bench:deploy -- --yes [--rounds N] [--values FILE] [--json]`.
 *
 * The platform must run in the cluster (`./platform up`). Ours and `helm upgrade` of the same objects take turns; both
 * change nothing. Helm takes the objects over for that (`--take-ownership`), which leaves labels and annotations of it:
 * at the end its records and annotations are removed and the platform is deployed again. For clusters of your own only.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { available, command, median, writeHelmChart } from './support.ts';

const HELP = `Usage: npm run bench:deploy -- --yes [options]

  --yes            let Helm take over the objects of the platform for a while
  --rounds N       how often each is measured (default 5, at least 1)
  --values FILE    what the platform was deployed with
  --context NAME   kubectl context (default kind-ai-assistants)
  --json           print the figures as JSON
  --help           this text

Needs kubectl, helm from 3.17 on, and a cluster in which ./platform up has run.
`;
const RELEASE = 'bench';
const NAMESPACE = 'default';

const { values } = parseArgs({
  options: {
    yes: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    values: { type: 'string' },
    context: { type: 'string', default: 'kind-ai-assistants' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function main(): void {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--rounds: ${values.rounds} is not valid, expected a whole number of at least 1`);
  if (!available('helm', 'version'))
    throw new Error('helm: not found, get it from https://helm.sh/docs/intro/install/');
  if (!values.yes)
    throw new Error(`--yes: missing, Helm would take over the objects in ${values.context} for a while`);
  const scratch = mkdtempSync(join(tmpdir(), 'bench-deploy-'));
  try {
    const manifests = join(scratch, 'out');
    command('./platform', 'synth', '--env', 'dev', '--out', manifests, ...overrides());
    const chart = join(scratch, 'chart');
    writeHelmChart(chart, join(manifests, 'dev'));
    report(measure(rounds, chart, join(manifests, 'dev')), rounds);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const overrides = (): readonly string[] => (values.values === undefined ? [] : ['--values', values.values]);

/** What it printed. */
const deploy = (): string =>
  command('./platform', 'deploy', 'dev', '--yes', '--no-backup', '--context', values.context, ...overrides());

const helm = (chart: string): string =>
  command(
    'helm',
    'upgrade',
    RELEASE,
    chart,
    '--install',
    '--take-ownership',
    `--namespace=${NAMESPACE}`,
    `--kube-context=${values.context}`,
  );

/** Milliseconds, and how many objects. */
interface Figures {
  readonly ours: number;
  readonly helm: number;
  readonly objects: number;
}

function measure(rounds: number, chart: string, manifests: string): Figures {
  deploy();
  const ours: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}: ./platform deploy\n`);
    ours.push(timed(() => expectNothingChanged(deploy())));
  }
  const objects = objectsIn(chart);
  const theirs: number[] = [];
  try {
    process.stderr.write('helm takes over\n');
    helm(chart);
    for (let round = 1; round <= rounds; round++) {
      process.stderr.write(`round ${round} of ${rounds}: helm upgrade\n`);
      theirs.push(timed(() => helm(chart)));
    }
  } finally {
    process.stderr.write('helm gives the objects back\n');
    removeHelmRecords(manifests);
  }
  return { ours: median(ours), helm: median(theirs), objects };
}

function timed(run: () => void): number {
  const started = performance.now();
  run();
  return performance.now() - started;
}

function expectNothingChanged(printed: string): void {
  if (!/^0 objects changed/m.test(printed)) throw new Error(`the deploy changed something:\n${printed}`);
}

const objectsIn = (chart: string): number =>
  command('helm', 'template', RELEASE, chart).match(/^kind: /gm)?.length ?? 0;

function removeHelmRecords(manifests: string): void {
  const kubectl = (...args: readonly string[]): string =>
    command('kubectl', '--context', values.context, ...args);
  kubectl('delete', 'secrets', '--namespace', NAMESPACE, '--selector', `owner=helm,name=${RELEASE}`);
  const theirs = ['meta.helm.sh/release-name-', 'meta.helm.sh/release-namespace-'];
  kubectl('annotate', '--filename', manifests, ...theirs);
  deploy();
}

function report({ ours, helm: theirs, objects }: Figures, rounds: number): void {
  if (values.json) {
    console.info(JSON.stringify({ rounds, objects, ours, helm: theirs, ratio: ours / theirs }));
    return;
  }
  const head = [`deploy of what runs already, ${objects} objects, median of ${rounds}`, 's', 'ratio to helm'];
  const table = new Table({ head, style: { head: [], border: [] } });
  const row = (what: string, ms: number) => [what, (ms / 1000).toFixed(1), (ms / theirs).toFixed(2)];
  table.push(row('./platform deploy', ours), row('helm upgrade', theirs));
  console.info(table.toString());
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench:deploy: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
