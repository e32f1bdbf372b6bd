/** The pure parts of verbs that change or watch what runs. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { forwardables, livePod } from '../../ops/core/components.ts';
import { changed, suggestions, type UsageRow } from '../../ops/core/usage.ts';
import { asleep, checkScalable, parseWanted } from '../../ops/core/workloads.ts';
import { configOf } from '../support/objects.ts';

describe('a cluster that wakes up', () => {
  const nodes = new Map([['one', '2026-01-01T10:00:00.700Z']]);
  const podOf = (phase: string, startedAt: string | undefined, containers = 1) =>
    livePod.parse({
      metadata: { name: 'redis-0', namespace: 'assistants' },
      spec: { nodeName: 'one', containers: Array.from({ length: containers }, () => ({ name: 'redis' })) },
      status: {
        phase,
        containerStatuses: [
          { name: 'redis', ready: true, state: startedAt === undefined ? {} : { running: { startedAt } } },
        ],
      },
    });
  it.each([
    ['has not looked at a pod that was ready before', 'Running', '2026-01-01T09:00:00Z', 1, true],
    ['has begun the pod in the second the node began', 'Running', '2026-01-01T10:00:00Z', 1, false],
    ['has begun the pod', 'Running', '2026-01-01T10:00:09Z', 1, false],
    ['has begun one of two containers', 'Running', '2026-01-01T10:00:09Z', 2, true],
    ['waits for a container', 'Running', undefined, 1, true],
    ['has nothing to do with a pod that ended', 'Succeeded', undefined, 1, false],
  ])('%s', (_, phase, startedAt, containers, expected) => {
    expect(asleep([podOf(phase, startedAt, containers)], nodes)).toEqual(expected ? ['redis-0'] : []);
  });
});

describe('how many pods', () => {
  it('is said as SERVICE=N', () => {
    expect(parseWanted('security=12')).toEqual({ service: 'security', replicas: 12 });
  });
  it.each(['security', 'security=', '=2', 'security=-1', 'security=2.5', 'security=100', 'security=two'])(
    '%s is refused',
    (text) => {
      expect(() => parseWanted(text)).toThrow(`scale: "${text}" is not valid; expected SERVICE=N`);
    },
  );
  it('is not for people to say where an autoscaler says it', () => {
    const wanted = { service: 'security', replicas: 2 };
    expect(() => checkScalable(configOf('dev'), wanted, false)).not.toThrow();
    expect(() => checkScalable(configOf('dev'), wanted, true)).toThrow('scale: security is autoscaled; set');
    expect(() => checkScalable(configOf('production'), wanted, false)).toThrow(
      'scale: security is autoscaled from 2 to 5; set services.security.minReplicas',
    );
  });
});

describe('consoles', () => {
  const ports = (environment: 'dev' | 'staging') => {
    const config = configOf(environment);
    return Object.fromEntries(
      forwardables(config, topologyOf(config)).map(({ title, localPort }) => [title, localPort]),
    );
  };
  it('have the local ports of the contract', () => {
    expect(ports('dev')).toMatchObject({ Prometheus: 9090, Grafana: 3001, Redis: 6379 });
    expect(ports('staging')).toMatchObject({ Prometheus: 9091, Grafana: 3002, Redis: 6380 });
  });
  it('have no port of their pods where the configuration has no such component', () => {
    const config = configOf('dev', [{ monitoring: { enabled: false } }]);
    const found = forwardables(config, topologyOf(config));
    expect(found.filter(({ port }) => port === undefined).map(({ title }) => title)).toContain('Prometheus');
    expect(found.find(({ title }) => title === 'Redis')).toMatchObject({
      port: 6379,
      address: 'redis://127.0.0.1:6379',
    });
  });
  it('are not exposed in production', () => {
    const config = configOf('production');
    expect(() => forwardables(config, topologyOf(config))).toThrow('monitor: production exposes no console');
  });
});

describe('requests', () => {
  const MI = 2 ** 20;
  const row = (cpu: number, memory: number): UsageRow => ({
    component: 'redis',
    pod: 'redis-0',
    container: 'redis',
    used: { cpu, memory: memory * MI },
    request: { cpu: 100, memory: 128 * MI },
    limit: { cpu: 500, memory: 256 * MI },
  });
  it('stay when use is near them', () => {
    const [found] = suggestions([[row(70, 90)], [row(80, 100)]]);
    expect(found).toMatchObject({
      samples: 2,
      mean: { cpu: 75, memory: 95 * MI },
      peak: { cpu: 80, memory: 100 * MI },
      suggested: { cpu: 100, memory: 128 * MI },
      tight: [],
    });
    expect(found && changed(found)).toBe(false);
  });
  it('fit the most that was seen and some more, never beyond the limit', () => {
    const [low] = suggestions([[row(20, 40)]]);
    expect(low?.suggested).toEqual({ cpu: 26, memory: 52 * MI });
    const [high] = suggestions([[row(480, 240)]]);
    expect(high?.suggested).toEqual({ cpu: 500, memory: 256 * MI });
    expect(high?.tight).toEqual(['cpu', 'memory']);
  });
  it('are not made smaller than is worth it, nor greater for that', () => {
    const [idle] = suggestions([[row(0, 1)]]);
    expect(idle?.suggested).toEqual({ cpu: 10, memory: 32 * MI });
    const [small] = suggestions([[{ ...row(0, 1), request: { cpu: 5, memory: 16 * MI } }]]);
    expect(small?.suggested).toEqual({ cpu: 5, memory: 16 * MI });
  });
  it('are not judged without a measurement', () => {
    const { used: _, ...unmeasured } = row(1, 1);
    expect(suggestions([[unmeasured]])).toEqual([]);
  });
});
