/** Code reads every leaf of the configuration: an unread field would have no effect. */
import { describe, expect, it } from 'vitest';
import { buildApp, topologyOf } from '../../charts/app.ts';
import { checkEdge } from '../../charts/config/edge-checks.ts';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import type { Config } from '../../charts/config/schema.ts';
import { SERVICES } from '../../charts/topology.ts';
import { urls } from '../../ops/core/cluster.ts';
import { forwardables } from '../../ops/core/components.ts';
import { EVERYTHING, OTHERS } from '../support/everything.ts';
import { leavesOf, recording } from '../support/reads.ts';

/** Runs all readers of a configuration: the charts and the operations command. */
function use(config: Config): void {
  const topology = topologyOf(config);
  for (const chart of buildApp(config).charts) chart.toJson();
  prerequisites(config);
  // The only reader of the port of HTTP, on which an authority must find its challenges.
  checkEdge(config);
  urls(config, SERVICES);
  if (config.tier !== 'protected') forwardables(config, topology);
}

function unread(configs: readonly Config[], reader: (config: Config) => void): readonly string[] {
  const reads = new Set<string>();
  for (const config of configs) reader(recording(config, reads));
  return [...new Set(configs.flatMap((config) => leavesOf(config)))]
    .filter((leaf) => !reads.has(leaf))
    .toSorted();
}

const [first = '', ...others] = ENVIRONMENTS;
const configs = [
  ...ENVIRONMENTS.map((name) => resolveConfig(name)),
  resolveConfig(first, [EVERYTHING, { autoscaling: { enabled: true } }]),
  ...OTHERS.map((override) => resolveConfig(others[0] ?? first, [override])),
];

describe('the readers', () => {
  it('read every leaf of every variant', () => {
    expect(configs.flatMap((config) => leavesOf(config)).length).toBeGreaterThan(1000);
    expect(unread(configs, use)).toEqual([]);
  });
  it('a field that nothing reads is found', () => {
    const dead = configs.slice(0, 1).map((config) => ({
      ...config,
      monitoring: { ...config.monitoring, dead: { port: 9090 } },
    }));
    expect(unread(dead, use)).toContain('monitoring.dead.port');
  });
  it('the local ports are found when the consoles have ports of their own again', () => {
    const found = unread(configs.slice(0, 1), (config) => {
      for (const chart of buildApp(config).charts) chart.toJson();
      prerequisites(config);
      urls(config, SERVICES);
    });
    expect(found).toEqual(
      expect.arrayContaining(
        ['alertmanager', 'grafana', 'prometheus', 'redis'].map((name) => `monitoring.localPorts.${name}`),
      ),
    );
  });
});

describe('one values file that sets everything', () => {
  it.each(ENVIRONMENTS)('renders with %s', (environment) => {
    expect(buildApp(resolveConfig(environment, [EVERYTHING])).charts.length).toBeGreaterThan(20);
  });
});
