/** Grace periods of pods: the tests exceed each limit by one, and a proxy outlives the service behind it. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { SERVICES } from '../../charts/topology.ts';
import { find, type KubeObject, render } from '../support/objects.ts';

const NAMES = SERVICES.map(({ name }) => name);
const LEAST = 120;
const least: ConfigOverride = { terminationSeconds: LEAST };

/** The shutdown of a rendered pod of a service. */
function endOf(objects: readonly KubeObject[], name: string) {
  const { spec } = find(objects, 'Deployment', name).spec.template;
  const env: readonly { name: string; value: string }[] = spec.containers[0].env;
  const of = (variable: string): string => env.find((one) => one.name === variable)?.value ?? '';
  return {
    drain: Number(of('DRAIN_SECONDS')),
    finish: Number(of('SHUTDOWN_TIMEOUT_SECONDS')),
    total: Number(spec.terminationGracePeriodSeconds),
    upload: Number(of('UPLOAD_SECONDS')),
    routes: JSON.parse(of('GATEWAY_ROUTES') || '[]') as readonly {
      readonly service: string;
      readonly timeoutMs: number;
      readonly deadlineMs?: number;
    }[],
    hooks: spec.containers.flatMap(({ lifecycle }: { lifecycle?: object }) => lifecycle ?? []),
  };
}

describe.each([
  ...ENVIRONMENTS.map((name): [string, ConfigOverride] => [name, {}]),
  ['production', least],
  ['production', { drainSeconds: 30, terminationSeconds: 600 }],
  ['production', { edge: { maxBodyMiB: 1, slowestUploadMbit: 100 } }],
] as const)('%s %j', (environment, override) => {
  const objects = render(environment, [override]);
  const ends = new Map(NAMES.map((name) => [name, endOf(objects, name)]));
  const gateway = endOf(objects, 'api-gateway');

  it('every service ends by itself, no hook takes of its time', () => {
    for (const [name, { drain, finish, total, hooks }] of ends) {
      expect(total - drain - finish, name).toBe(5);
      expect(hooks, name).toEqual([]);
    }
  });
  it('the gateway finishes an upload, and what it asks is there for as long as it may be asked', () => {
    expect(gateway.finish).toBeGreaterThanOrEqual(gateway.upload);
    for (const { service, timeoutMs, deadlineMs = timeoutMs } of gateway.routes) {
      expect(ends.get(service)?.finish, service).toBeGreaterThanOrEqual(deadlineMs / 1000);
      expect(gateway.finish).toBeGreaterThanOrEqual(deadlineMs / 1000);
    }
  });
  it('the edge outlives the gateway and what it routes to', () => {
    const { spec } = find(objects, 'Deployment', 'traefik').spec.template;
    const args: readonly string[] = spec.containers[0].args;
    const lifecycle = (name: string): number =>
      Number(new RegExp(`websecure\\.transport\\.lifecycle\\.${name}=(\\d+)s`).exec(args.join('\n'))?.[1]);
    const [accept, finish] = [lifecycle('requestacceptgracetimeout'), lifecycle('gracetimeout')];
    for (const [name, end] of ends) expect(finish, name).toBeGreaterThanOrEqual(end.finish);
    expect(spec.terminationGracePeriodSeconds - accept - finish).toBe(5);
  });
});

describe('broken by one', () => {
  it('just enough is taken', () => {
    expect(() => resolveConfig('production', [least])).not.toThrow();
  });
  it.each<[string, ConfigOverride, string]>([
    [
      'the whole',
      { terminationSeconds: LEAST - 1 },
      'at least 120: drainSeconds (5), 110 s for AI_STREAM_SECONDS',
    ],
    [
      'the drain',
      { ...least, drainSeconds: 6 },
      'at least 121: drainSeconds (6), 110 s for AI_STREAM_SECONDS',
    ],
    [
      'the longest stream',
      { ...least, services: { 'ai-assistant': { settings: { AI_STREAM_SECONDS: 111 } } } },
      'at least 121: drainSeconds (5), 111 s for AI_STREAM_SECONDS of ai-assistant',
    ],
    [
      'a report that is drawn',
      { ...least, services: { analytics: { settings: { RENDER_TIMEOUT_SECONDS: 110.5 } } } },
      'at least 121: drainSeconds (5), 110.5 s for RENDER_TIMEOUT_SECONDS of analytics',
    ],
    [
      'an upload longer than a pod may take',
      { edge: { maxBodyMiB: 1000, slowestUploadMbit: 2 } },
      'edge.slowestUploadMbit: 2 is not valid',
    ],
  ])('%s is refused', (_, override, message) => {
    expect(() => resolveConfig('production', [override])).toThrow(message);
  });
  it('a route that may take longer is refused', () => {
    const slow = SERVICES.map((spec) =>
      spec.name === 'analytics' && spec.gateway
        ? { ...spec, gateway: { ...spec.gateway, timeoutSeconds: 111 } }
        : spec,
    );
    expect(() => resolveConfig('production', [least], slow)).toThrow(
      "111 s for the gateway's route /api/analytics to analytics",
    );
  });
});
