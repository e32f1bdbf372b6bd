/** Dashboards: whole, unambiguous, and about metrics that exist. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { dashboards } from '../../charts/monitoring/dashboards/all.ts';
import { SERVICES } from '../../charts/topology.ts';
import { configOf, find, podsOf, render } from '../support/objects.ts';
import { knownMetrics } from './exported.ts';
import { metricsOf } from './promql.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly panels: readonly Panel[];
}

const TITLES = [
  '1C synchronization',
  'AI usage and cost',
  'API gateway',
  'Backups',
  'Cluster nodes',
  'Edge',
  'Overview',
  'PostgreSQL',
  'Redis',
];

describe.each(ENVIRONMENTS)('%s: dashboards', (environment) => {
  const objects = render(environment);
  const maps = objects.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('grafana-dashboards-'),
  );
  const files = maps.flatMap(({ data = {} }) => Object.entries(data));
  const boards = files.map(([, text]): Dashboard => JSON.parse(text));
  const panels = boards.flatMap((board) => board.panels.map((panel) => ({ board, panel })));
  const shown = panels.filter(({ panel }) => panel.type !== 'row');
  const expressions = shown.flatMap(({ board, panel }) =>
    (panel.targets ?? []).map(({ expr }) => ({ where: `${board.title} / ${panel.title}`, expr })),
  );

  it('are those of the documentation, in files named after them', () => {
    expect(boards.map(({ title }) => title).sort()).toEqual(TITLES);
    expect(files.map(([name]) => name).sort()).toEqual(boards.map(({ uid }) => `${uid}.json`).sort());
    expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length);
    for (const { schemaVersion, editable, uid } of boards)
      expect([schemaVersion, editable], uid).toEqual([42, false]);
    console.info(
      `${environment}: ${boards.length} dashboards, ${shown.length} panels, ${expressions.length} queries`,
    );
  });
  it('have panels with ids and places of their own, inside the grid', () => {
    expect(shown.length).toBeGreaterThan(60);
    for (const { uid, panels: own } of boards) {
      expect(new Set(own.map(({ id }) => id)).size, uid).toBe(own.length);
      for (const { gridPos, title } of own)
        expect(gridPos.x + gridPos.w, `${uid} ${title}`).toBeLessThanOrEqual(24);
      const cells = own.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
      );
      expect(new Set(cells).size, uid).toBe(cells.length);
    }
  });
  it('ask the data source that is provisioned, each query by a name of its own', () => {
    const provisioned = find(objects, 'ConfigMap', 'grafana').data?.['datasources.yaml'] ?? '';
    expect(provisioned).toMatch(/uid: prometheus\n/);
    expect(provisioned).toContain('url: http://prometheus:9090');
    find(objects, 'Service', 'prometheus');
    for (const { board, panel } of shown) {
      const where = `${board.uid} ${panel.title}`;
      expect(panel.targets?.length, where).toBeGreaterThan(0);
      for (const { uid } of [panel.datasource, ...(panel.targets ?? []).map((one) => one.datasource)].flatMap(
        (source) => source ?? [],
      ))
        expect(uid, where).toBe('prometheus');
      expect(panel.datasource, where).toBeDefined();
      const refs = (panel.targets ?? []).map(({ refId }) => refId);
      expect(new Set(refs).size, where).toBe(refs.length);
    }
  });
  it('have expressions that parse and read only metrics that something exports', () => {
    const known = knownMetrics();
    const unknown = expressions.flatMap(({ where, expr }) =>
      metricsOf(expr)
        .filter((name) => !known.has(name))
        .map((name) => `${where}: ${name}`),
    );
    expect(unknown).toEqual([]);
    for (const { where, expr } of expressions) expect(metricsOf(expr).length, where).toBeGreaterThan(0);
  });
  it('are mounted where Grafana looks, and roll it when they change', () => {
    const pod = podsOf(objects).find(({ owner }) => owner === 'Deployment/grafana');
    const mounts = pod?.spec.containers[0]?.volumeMounts ?? [];
    for (const { metadata } of maps) {
      const volume = pod?.spec.volumes?.find(({ configMap }) => configMap?.name === metadata.name);
      const path = mounts.find(({ name }) => name === volume?.name)?.mountPath ?? '';
      expect(path, metadata.name).toMatch(/^\/etc\/assistants-dashboards\/[A-Z]/);
    }
    const other = podsOf(render(environment, [{ backups: { enabled: false } }]));
    const changed = other.find(({ owner }) => owner === 'Deployment/grafana');
    expect(changed?.annotations['checksum/config']).not.toBe(pod?.annotations['checksum/config']);
  });
});

describe('dashboards follow the graph', () => {
  const seventh: ServiceSpec = {
    name: 'translator',
    title: 'Translator',
    runtime: 'python',
    port: 8005,
    cpu: { request: '100m', limit: '1' },
    memory: { request: '64Mi', limit: '1Gi' },
  };
  it('a new service has its golden signals on the overview', () => {
    const config = configOf('dev');
    const titles = (services: readonly ServiceSpec[]) =>
      dashboards({ config, topology: topologyOf(config, services) })
        .find(({ title }) => title === 'Overview')
        ?.rows.map(({ title }) => title);
    expect(titles(SERVICES)).not.toContain('Translator');
    expect(titles([...SERVICES, seventh])).toContain('Translator');
  });
  it('what does not run has none', () => {
    const config = configOf('production', [
      { edge: { controller: 'external', from: { namespace: 'ingress' } }, backups: { enabled: false } },
    ]);
    const titles = dashboards({ config, topology: topologyOf(config) }).map(({ title }) => title);
    expect(titles).not.toContain('Edge');
    expect(titles).not.toContain('Backups');
  });
});

describe('the reader of expressions', () => {
  it('finds every metric and nothing else', () => {
    expect(
      metricsOf('sum by (le) (rate(a_bucket{b="c"}[$__rate_interval])) / on (d) group_left () e > 0'),
    ).toEqual(['a_bucket', 'e']);
  });
  it('refuses what is not PromQL', () => {
    expect(() => metricsOf('sum(rate(a[5m])')).toThrow('not PromQL');
  });
});
