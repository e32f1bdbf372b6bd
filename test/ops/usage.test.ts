import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import {
  livePod,
  mainContainer,
  runningPod,
  selectComponent,
  selectComponents,
} from '../../ops/core/components.ts';
import {
  byComponent,
  measuredCpu,
  node,
  nodeRows,
  percent,
  podMetrics,
  usageRows,
} from '../../ops/core/usage.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('dev');
const topology = topologyOf(config);
const MI = 2 ** 20;

const podOf = (name: string, component: string, extra: object = {}) =>
  livePod.parse({
    metadata: { name, namespace: 'assistants', labels: { 'app.kubernetes.io/name': component } },
    spec: {
      nodeName: 'one',
      containers: [
        {
          name: component,
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
        },
        { name: 'exporter' },
      ],
      initContainers: [{ name: 'first', resources: { requests: { cpu: '300m' } } }],
    },
    status: { phase: 'Running', containerStatuses: [{ name: component, ready: true }] },
    ...extra,
  });
const measured = (pod: string, containers: Readonly<Record<string, string>>) =>
  podMetrics.parse({
    metadata: { name: pod, namespace: 'assistants' },
    timestamp: '',
    window: '15s',
    containers: Object.entries(containers).map(([name, cpu]) => ({ name, usage: { cpu, memory: '10Mi' } })),
  });

describe('measured CPU', () => {
  it.each([
    ['4577862n', 4.577862],
    ['1500u', 1.5],
    ['20m', 20],
    ['1', 1000],
    ['0', 0],
  ])('%s is %d millicores', (quantity, expected) => {
    expect(measuredCpu(quantity)).toBeCloseTo(expected);
  });
});

describe('use', () => {
  const redis = selectComponent('x', topology, 'redis');
  const rows = usageRows(
    config,
    [redis],
    [podOf('redis-0', 'redis'), podOf('other-0', 'other')],
    [measured('redis-0', { redis: '5m', exporter: '1m' })],
  );
  it('is joined with what is reserved, container by container', () => {
    expect(rows).toEqual([
      {
        component: 'redis',
        pod: 'redis-0',
        container: 'redis',
        used: { cpu: 5, memory: 10 * MI },
        request: { cpu: 100, memory: 64 * MI },
        limit: { cpu: 1000, memory: 128 * MI },
      },
      {
        component: 'redis',
        pod: 'redis-0',
        container: 'exporter',
        used: { cpu: 1, memory: 10 * MI },
        request: { cpu: 0, memory: 0 },
        limit: { cpu: 0, memory: 0 },
      },
    ]);
  });
  it('is put together for a component', () => {
    expect(byComponent(rows)).toEqual([
      {
        component: 'redis',
        pods: 1,
        used: { cpu: 6, memory: 20 * MI },
        request: { cpu: 100, memory: 64 * MI },
        limit: { cpu: 1000, memory: 128 * MI },
      },
    ]);
  });
  it('is missing, not 0, where nothing was measured', () => {
    const [row] = byComponent(usageRows(config, [redis], [podOf('redis-0', 'redis')], []));
    expect(row).not.toHaveProperty('used');
  });
  it.each([
    [1, 3, '33 %'],
    [1, 0, ''],
  ])('%d of %d is "%s"', (part, whole, text) => expect(percent(part, whole)).toBe(text));
});

describe('nodes', () => {
  it('count every pod that has not ended, a greedy init container in place of its pod', () => {
    const nodes = [
      node.parse({ metadata: { name: 'one' }, status: { allocatable: { cpu: '2', memory: '8Gi' } } }),
    ];
    const pods = [
      podOf('redis-0', 'redis'),
      podOf('done', 'job', { status: { phase: 'Succeeded' } }),
      podOf('away', 'redis', { spec: { nodeName: 'two', containers: [] } }),
    ];
    expect(nodeRows(nodes, pods)).toEqual([
      {
        node: 'one',
        allocatable: { cpu: 2000, memory: 8192 * MI },
        requested: { cpu: 300, memory: 64 * MI },
      },
    ]);
  });
});

describe('components', () => {
  it('are all that run, or those that are named', () => {
    expect(selectComponents('logs', topology, []).every(({ presence }) => presence === 'always')).toBe(true);
    expect(selectComponents('logs', topology, ['redis', 'security']).map(({ name }) => name)).toEqual([
      'security',
      'redis',
    ]);
  });
  it('are refused by name, with those that are known', () => {
    expect(() => selectComponents('logs', topology, ['secruity'])).toThrow(
      /^logs: "secruity" is not known; expected api-gateway, .*redis/,
    );
    expect(() => selectComponent('scale', topology, 'redis', ['service'])).toThrow('"redis" is not known');
  });
  it('give a ready pod before one that is not, and none that leaves', () => {
    const redis = selectComponent('x', topology, 'redis');
    const unready = { phase: 'Running', containerStatuses: [{ name: 'redis', ready: false }] };
    const leaving = podOf('redis-0', 'redis');
    const pods = [
      { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: 'now' } },
      podOf('redis-1', 'redis', { status: unready }),
      podOf('redis-2', 'redis'),
    ];
    const found = runningPod(config, redis, pods);
    expect([found.metadata.name, mainContainer(found)]).toEqual(['redis-2', 'redis']);
    expect(runningPod(config, redis, pods.slice(0, 2)).metadata.name).toBe('redis-1');
    expect(() => runningPod(config, redis, pods.slice(0, 1))).toThrow(
      'redis: has no running pod; see ./platform status',
    );
  });
});
