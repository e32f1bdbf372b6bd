/** The exported metrics: from the services' registries, and from committed lists for the exporters. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { KUBELET_METRICS } from '../../charts/monitoring/targets.ts';
import { SERVICES } from '../../charts/topology.ts';
import { root } from '../support/objects.ts';

export interface Metric {
  readonly name: string;
  /** Undefined where only names are known. */
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly string[];
  /** Labels of the series that exist from the start. */
  readonly series?: readonly Readonly<Record<string, string>>[];
}

export interface Exporter {
  /** A service, or the name of a list in test/rules/exported. */
  readonly name: string;
  readonly metrics: readonly Metric[];
}

const CODE = `
import { Metrics } from './src/metrics.ts';
const metrics = new Metrics('test');
metrics.request('GET', '/', 200, 1);
metrics.upstreamRequest('a', '200');
metrics.breakerState('a', 'closed');
metrics.endpoints('a', 1);
metrics.ejected('a');
metrics.webSockets('a', 1);
metrics.event('a', 'failed');
metrics.rateLimit('a', 'allowed');
console.log(await metrics.render());`;

/** The gateway's metrics. Each is counted once first, so that the text shows every label and bucket. */
function gatewayMetrics(): readonly Metric[] {
  const text = execFileSync(root('node_modules/.bin/deno'), ['eval', '--frozen', CODE], {
    cwd: root('services/api-gateway'),
    encoding: 'utf8',
  });
  const found = new Map<string, Set<string>>();
  for (const [, name = '', inside = ''] of text.matchAll(/^([a-z]\w*)(?:{([^}]*)})? /gm)) {
    const labels = found.get(name) ?? new Set();
    for (const [, label = ''] of inside.matchAll(/(\w+)="/g)) labels.add(label);
    found.set(name, labels);
  }
  const buckets = [...text.matchAll(/http_request_duration_seconds_bucket{le="([\d.]+)"/g)].map(
    ([, bound = '']) => bound,
  );
  return [...found].map(([name, labels]) => ({
    name,
    labels: [...labels],
    buckets: name.startsWith('http_request_duration_seconds') ? buckets : [],
    series: [],
  }));
}

/** A Python service's metrics, from the registry after the import of its application. */
function pythonMetrics(service: string): readonly Metric[] {
  const folder = root(`services/${service}`);
  const text = execFileSync(
    root('.venv/bin/python'),
    [root('test/rules/registries.py'), service.replaceAll('-', '_')],
    { encoding: 'utf8', env: { PYTHONPATH: `${root('services/common')}:${folder}` } },
  );
  return JSON.parse(text);
}

export const serviceExporters = (): readonly Exporter[] =>
  SERVICES.map(({ name, runtime }) => ({
    name,
    metrics: runtime === 'deno' ? gatewayMetrics() : pythonMetrics(name),
  }));

const LISTS = 'test/rules/exported';

const listedExporters: readonly Exporter[] = readdirSync(root(LISTS)).map((file) => ({
  name: file.replace('.txt', ''),
  metrics: readFileSync(root(`${LISTS}/${file}`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((name) => ({ name })),
}));

const kubelet: Exporter = {
  name: 'kubelet',
  metrics: Object.values(KUBELET_METRICS).flatMap((names) => names.map((name) => ({ name }))),
};
/** Prometheus adds `up` for each target. */
const scrape: Exporter = { name: 'scrape', metrics: [{ name: 'up' }] };

export const exporters = (): readonly Exporter[] => [
  ...serviceExporters(),
  ...listedExporters,
  kubelet,
  scrape,
];
