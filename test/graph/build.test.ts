import { describe, expect, it } from 'vitest';
import { buildTopology, checkTopology, componentOf, portOf } from '../../charts/graph/build.ts';
import { toMermaid, toText } from '../../charts/graph/diagram.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import type { MonitoringParts } from '../../charts/graph/monitoring.ts';
import { reachability } from '../../charts/graph/reach.ts';
import { SERVICES } from '../../charts/topology.ts';
import { WITH_DATABASE } from '../support/objects.ts';

const base: ServiceSpec = {
  name: 'one',
  title: 'One',
  runtime: 'python',
  port: 8000,
  cpu: { request: '1', limit: '1' },
  memory: { request: '1Mi', limit: '1Mi' },
};

describe('buildTopology', () => {
  const topology = buildTopology(SERVICES);
  const has = (from: string, to: string, port: string) =>
    topology.edges.some((edge) => edge.from === from && edge.to === to && edge.port === port);

  it('gives each Python service its own database and no other service', () => {
    for (const { name, database } of SERVICES) {
      const readers = topology.edges.filter(
        (edge) => edge.to === `postgres-${name}` && edge.port === 'postgresql',
      );
      expect(readers.map((edge) => edge.from)).toEqual(
        database ? [name, `migrate-${name}`, `backup-${name}`, `restore-${name}`] : [],
      );
    }
  });
  it('lets the gateway reach every other service, and the edge the routes of the contract', () => {
    for (const name of ['ai-assistant', 'onec-integration', 'user-management', 'analytics', 'security']) {
      expect(has('api-gateway', name, 'http'), name).toBe(true);
      expect(has('traefik', name, 'http'), name).toBe(true);
      expect(has(name, 'api-gateway', 'http'), name).toBe(false);
    }
    expect(has('traefik', 'api-gateway', 'http')).toBe(true);
    expect(has('traefik', 'redis', 'redis')).toBe(false);
  });
  it('scrapes every component that has metrics', () => {
    const scraped = topology.components.filter((component) => component.metricsPort).map(({ name }) => name);
    const others = [
      'redis',
      'traefik',
      'prometheus',
      'alertmanager',
      'node-exporter',
      'kube-state-metrics',
      'grafana',
    ];
    expect(scraped).toEqual(expect.arrayContaining(others));
    expect(scraped).toHaveLength(SERVICES.length + WITH_DATABASE.length + others.length);
    for (const name of scraped)
      expect(topology.edges.some((e) => e.from === 'prometheus' && e.to === name)).toBe(true);
  });
  it('lets everyone fetch published keys, and who is simulated for reach the simulators, when asked to', () => {
    const { edges } = buildTopology(SERVICES, { publishedKeys: true, simulator: true, modelSimulator: true });
    const callers = (to: string) =>
      edges.filter((edge) => edge.to === to && edge.port === 'http').map((e) => e.from);
    expect(callers('onec-simulator')).toEqual(['onec-integration']);
    expect(callers('model-simulator')).toEqual(['ai-assistant']);
    const without = buildTopology(SERVICES, { simulator: true }).components.map(({ name }) => name);
    expect(without).not.toContain('model-simulator');
    const others = SERVICES.map(({ name }) => name).filter((name) => name !== 'user-management');
    expect(
      callers('user-management')
        .filter((name) => others.includes(name))
        .sort(),
    ).toEqual(others.sort());
    expect(has('analytics', 'user-management', 'http')).toBe(false);
  });
  it('leaves out what is switched off', () => {
    const small = buildTopology(SERVICES, { ownEdge: false, backups: false, monitoring: false });
    expect(small.components.map(({ name }) => name).join()).not.toMatch(/backup|restore/);
    expect(small.components.map(({ name }) => name)).not.toContain('traefik');
    expect(small.edges.map(({ from }) => from)).not.toContain('prometheus');
  });
  it('lets Prometheus and Alertmanager out only to what the monitoring has', () => {
    const outside = (monitoring: MonitoringParts) =>
      buildTopology(SERVICES, { monitoring })
        .externalEdges.filter(({ from }) =>
          ['prometheus', 'alertmanager', 'kube-state-metrics'].includes(from),
        )
        .map(({ from, to }) => `${from} ${to}`);
    const off = { grafana: false, kubelet: false, kubeStateMetrics: false, nodeExporter: false };
    expect(outside(off)).toEqual(['prometheus kubernetes-api']);
    expect(outside({ remoteWrite: true, webhook: true, email: true })).toEqual([
      'prometheus kubernetes-api',
      'prometheus kubelet',
      'prometheus remote-write',
      'alertmanager webhook',
      'alertmanager smtp',
      'kube-state-metrics kubernetes-api',
    ]);
  });
});

describe('a graph that contradicts itself is refused', () => {
  const cases: readonly [string, () => unknown, string][] = [
    [
      'edge to an unknown component',
      () => buildTopology([{ ...base, calls: ['nope'] }]),
      'topology.one.calls: "nope"',
    ],
    ['duplicate name', () => buildTopology([base, base]), 'topology.one.name: "one"'],
    [
      'name that starts with a digit',
      () => buildTopology([{ ...base, name: '1c' }]),
      'topology.1c.name: "1c"',
    ],
    ['name with capitals', () => buildTopology([{ ...base, name: 'One' }]), 'topology.One.name: "One"'],
    ['port out of range', () => buildTopology([{ ...base, port: 70_000 }]), 'topology.one.ports.http: 70000'],
    [
      'route without slash',
      () => buildTopology([{ ...base, route: { path: 'one' } }]),
      'topology.one.route.path: "one"',
    ],
    [
      'two services on one route',
      () =>
        buildTopology([
          { ...base, route: { path: '/x' } },
          { ...base, name: 'two', route: { path: '/x' } },
        ]),
      'topology.two.route.path: "/x"',
    ],
    [
      'two ports of one name',
      () => {
        const topology = buildTopology(SERVICES);
        const redis = componentOf(topology, 'redis');
        const twice = { ...redis, ports: [...redis.ports, ...redis.ports] };
        checkTopology({
          ...topology,
          components: [...topology.components.filter((c) => c !== redis), twice],
        });
      },
      'topology.redis.ports: "redis"',
    ],
    [
      'edge to an unknown port',
      () =>
        checkTopology({
          ...buildTopology(SERVICES),
          edges: [{ from: 'security', to: 'redis', port: 'http' }],
        }),
      'topology.security.calls.redis.port: "http"',
    ],
    ['unknown component asked for', () => componentOf(buildTopology(SERVICES), 'nope'), 'component: "nope"'],
    [
      'unknown port asked for',
      () => portOf(componentOf(buildTopology(SERVICES), 'redis'), 'nope'),
      'redis.ports: "nope"',
    ],
  ];
  it.each(cases)('%s', (_, run, message) => {
    expect(run).toThrow(message);
  });
});

describe('pictures', () => {
  const topology = buildTopology(SERVICES);
  it('Mermaid shows every service, store and call', () => {
    const text = toMermaid(topology);
    for (const { name } of SERVICES) expect(text).toContain(`[${name}]`);
    expect(text).toContain('api_gateway --> user_management');
    expect(text).toContain('user_management -->|postgresql| postgres_user_management');
    expect(text).toContain('ai_assistant -.-> model_providers');
  });
  it('text has a line a component', () => {
    const shown = topology.components.filter(({ kind }) => kind !== 'job');
    expect(toText(topology).trim().split('\n')).toHaveLength(shown.length);
  });
});

describe('reachability', () => {
  const pairs = reachability(buildTopology(SERVICES));
  it('covers every ordered pair of running components on every port', () => {
    const running = buildTopology(SERVICES).components.filter(({ presence }) => presence === 'always');
    const ports = running.reduce((sum, { ports }) => sum + ports.length, 0);
    expect(pairs).toHaveLength(running.length * ports - ports);
  });
  it('allows the edges and nothing else', () => {
    const allowed = pairs
      .filter((pair) => pair.allowed)
      .map(({ from, to, port }) => `${from.name} ${to.name} ${port}`);
    const topology = buildTopology(SERVICES);
    const edges = topology.edges.filter(
      ({ from, to }) => from !== to && componentOf(topology, from).kind !== 'job',
    );
    expect(allowed.sort()).toEqual(edges.map(({ from, to, port }) => `${from} ${to} ${port}`).sort());
  });
});
