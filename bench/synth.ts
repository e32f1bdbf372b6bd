/**
 * How long rendering takes: `npm run bench:synth [-- RUNS] [--json]`.
 *
 * Prints medians over RUNS runs (default 15, at least 10) of rendering all environments, with the services as they are
 * and with ten times as many, inside one process and as a command. Where `helm` and `kustomize` are on PATH, the same
 * objects are rendered by them, as a command each environment, and the ratios are printed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { buildApp } from '../charts/app.ts';
import { ENVIRONMENTS } from '../charts/config/environments.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import type { ServiceSpec } from '../charts/graph/model.ts';
import { manifestsOf } from '../charts/render.ts';
import { SERVICES } from '../charts/topology.ts';
import { available, command, median, runsOf, writeHelmChart, writeKustomization } from './support.ts';

const FACTOR = 10;

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const runs = runsOf(positionals[0]);

/** A copy of a service under another name and other routes. */
function copyOf(spec: ServiceSpec, copy: number): ServiceSpec {
  const suffix = `-${copy}`;
  const { pages: _pages, ...alone } = spec;
  return {
    ...alone,
    name: `${spec.name}${suffix}`,
    calls: [],
    ...(spec.route ? { route: { ...spec.route, path: `${spec.route.path}${suffix}` } } : {}),
    gateway: { path: `${spec.gateway?.path ?? '/api/copy'}${suffix}` },
  };
}

/** The services, each `factor` times: as many with and without a database as before. */
function multiplied(factor: number): readonly ServiceSpec[] {
  const rounds = Array.from({ length: factor - 1 }, (_, index) => index + 1);
  return [...SERVICES, ...rounds.flatMap((copy) => SERVICES.map((spec) => copyOf(spec, copy)))];
}

function renderAll(outdir: string, services: readonly ServiceSpec[]): number {
  let objects = 0;
  for (const name of ENVIRONMENTS) {
    const app = buildApp(resolveConfig(name), services);
    mkdirSync(join(outdir, name), { recursive: true });
    for (const [file, text] of manifestsOf(app)) writeFileSync(join(outdir, name, file), text);
    objects += app.charts.reduce((sum, chart) => sum + chart.node.findAll().length, 0);
  }
  return objects;
}

function measure(label: string, run: () => void): number {
  run();
  const samples = Array.from({ length: runs }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  process.stderr.write(`${label}\n`);
  return median(samples);
}

interface Row {
  readonly what: string;
  readonly ms: number;
  /** Program it is measured against. @default ours */
  readonly peer?: string;
}

const scratch = mkdtempSync(join(tmpdir(), 'bench-synth-'));
try {
  const out = join(scratch, 'out');
  const many = multiplied(FACTOR);
  const one = measure('in process, 1×', () => renderAll(out, SERVICES));
  const ten = measure(`in process, ${FACTOR}×`, () => renderAll(join(scratch, 'ten'), many));
  const cli = measure('as a command', () => command('./platform', 'synth', '--out', join(scratch, 'cli')));
  const rows: Row[] = [
    { what: `in process, ${SERVICES.length} services, ${ENVIRONMENTS.length} environments`, ms: one },
    { what: `in process, ${many.length} services, ${ENVIRONMENTS.length} environments`, ms: ten },
    { what: 'command: ./platform synth', ms: cli },
  ];
  const charts = ENVIRONMENTS.map((name) => join(scratch, 'helm', name));
  const kustomizations = ENVIRONMENTS.map((name) => join(scratch, 'kustomize', name));
  ENVIRONMENTS.forEach((name, index) => {
    writeHelmChart(charts[index] ?? '', join(out, name));
    writeKustomization(kustomizations[index] ?? '', join(out, name));
  });
  if (available('helm', 'version')) {
    const ms = measure('helm template', () => {
      for (const chart of charts) command('helm', 'template', 'platform', chart);
    });
    rows.push({ what: 'command: helm template, the same objects', ms, peer: 'helm' });
  }
  if (available('kustomize', 'version')) {
    const ms = measure('kustomize build', () => {
      for (const folder of kustomizations) command('kustomize', 'build', folder);
    });
    rows.push({ what: 'command: kustomize build, the same objects', ms, peer: 'kustomize' });
  }
  report(rows, ten / one);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function report(rows: readonly Row[], growth: number): void {
  if (values.json) {
    console.info(JSON.stringify({ runs, rows, growth }));
    return;
  }
  const peers = rows.filter(({ peer }) => peer);
  const head = [`median of ${runs} runs`, 'ms', ...peers.map(({ peer = '' }) => `ratio to ${peer}`)];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { what, ms } of rows)
    table.push([what, ms.toFixed(0), ...peers.map((peer) => (ms / peer.ms).toFixed(2))]);
  console.info(table.toString());
  console.info(`${FACTOR}× the services take ${growth.toFixed(1)}× the time`);
}
