/** Prometheus scrapes the targets of the topology, and sends alerts to Alertmanager. */
import { describe, expect, it } from 'vitest';
import { activeTargets, query, type Target } from '../prometheus.ts';
import { config, eventually, kubectlJson, topology } from '../support.ts';

interface Nodes {
  readonly items: readonly unknown[];
}

const up = (targets: readonly Target[], job: string) =>
  targets.filter(({ labels, health }) => labels.job === job && health === 'up');

describe('targets', () => {
  const scraped = topology.components.filter(({ metricsPort }) => metricsPort);

  it(`all components with metrics (${scraped.length}) and every kubelet are up`, async () => {
    const nodes = (kubectlJson('get', 'nodes') as Nodes).items.length;
    const targets = await eventually(120, () => {
      const found = activeTargets();
      const missing = scraped.filter(({ name }) => up(found, name).length === 0).map(({ name }) => name);
      if (missing.length > 0) throw new Error(`not up: ${missing.join(', ')}`);
      if (up(found, 'kubelet').length < 2 * nodes) throw new Error('kubelets are not up');
      // Terminating pods remain targets for a moment.
      const down = found.filter(({ health }) => health !== 'up');
      expect(down.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`)).toEqual([]);
      return found;
    });
    console.info(
      `${targets.length} targets, all up, of ${scraped.length} components and ${nodes} kubelet(s)`,
    );
    const jobs = new Set(targets.map(({ labels }) => labels.job));
    expect(jobs).toEqual(new Set([...scraped.map(({ name }) => name), 'kubelet']));
  });

  it('samples are about the platform, and few enough for the memory Prometheus has', async () => {
    const count = await eventually(90, () => {
      const [series] = query('prometheus_tsdb_head_series');
      const number = Number(series?.value[1]);
      if (!(number > 1000)) throw new Error(`${number} series`);
      return number;
    });
    console.info(`${count} series`);
    expect(count).toBeLessThan(100_000);
    const namespaces = query('count by (namespace) (container_memory_working_set_bytes)');
    expect(namespaces.map(({ metric }) => metric.namespace)).toContain('assistants');
    for (const { metric } of namespaces) expect(metric.namespace).toMatch(/^assistants/);
  });
});

describe('Prometheus itself', () => {
  it('has loaded what its operator gave it, and reaches Alertmanager', () => {
    expect(query('prometheus_config_last_reload_successful').map(({ value }) => value[1])).toEqual(['1']);
    expect(query('alertmanager_config_last_reload_successful').map(({ value }) => value[1])).toEqual(['1']);
    expect(query('prometheus_notifications_alertmanagers_discovered').map(({ value }) => value[1])).toEqual([
      '1',
    ]);
  });
  it('keeps samples as long as the environment says', () => {
    const [limit] = query('prometheus_tsdb_retention_limit_seconds');
    expect(Number(limit?.value[1])).toBe(config.monitoring.retentionHours * 3600);
  });
});
