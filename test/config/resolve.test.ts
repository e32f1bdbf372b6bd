import { describe, expect, it } from 'vitest';
import { ENVIRONMENT_CONFIG, ENVIRONMENTS } from '../../charts/config/environments.ts';
import { serviceImage, thirdPartyImage } from '../../charts/config/images.ts';
import { merge, resolveConfig } from '../../charts/config/resolve.ts';
import { IMAGES } from '../../charts/config/versions.ts';
import { SERVICES } from '../../charts/topology.ts';

const error = (run: () => unknown): string => {
  try {
    run();
  } catch (caught) {
    return (caught as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('environments', () => {
  it.each(ENVIRONMENTS)('%s resolves', (name) => {
    expect(resolveConfig(name).environment).toBe(name);
  });

  it('keep the values of the contract', () => {
    const [dev, staging, production] = ENVIRONMENTS.map((name) => resolveConfig(name));
    expect([dev?.debug, staging?.debug, production?.debug]).toEqual([true, true, false]);
    expect([dev, staging, production].map((config) => config?.settings.aiModel)).toEqual([
      'gpt-5.4-mini',
      'gpt-5.4-mini',
      'gpt-5.5',
    ]);
    expect([dev?.settings.jwtExpireMinutes, staging?.settings.jwtExpireMinutes]).toEqual([30, 60]);
    expect([dev?.settings.rateLimit, staging?.settings.rateLimit]).toEqual([100, 200]);
    expect([staging?.edge.httpPort, staging?.edge.httpsPort]).toEqual([80, 443]);
    expect(dev?.logging.enabled).toBe(false);
    expect(staging?.logging.enabled && production?.logging.enabled).toBe(true);
    expect(production?.autoscaling.minReplicas).toBeGreaterThanOrEqual(2);
  });

  it('state only what differs', () => {
    for (const name of ENVIRONMENTS)
      expect(ENVIRONMENT_CONFIG[name]).not.toHaveProperty('settings.jwtAlgorithm');
  });
});

describe('merge', () => {
  it('goes into objects, replaces lists and keeps what is not named', () => {
    expect(merge({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] } })).toEqual({ a: { b: 1, c: [3] }, d: 1 });
  });
  it('does not change what it is given', () => {
    const base = { a: { b: 1 } };
    merge(base, { a: { b: 2 } });
    expect(base).toEqual({ a: { b: 1 } });
  });
});

describe('images', () => {
  const [gateway, , onec] = SERVICES;
  if (!gateway || !onec) throw new Error('the services changed');

  it('combine registry, name and tag', () => {
    const config = resolveConfig('dev', [{ images: { registry: 'registry.example.com/a', tag: '9.9.9' } }]);
    expect(serviceImage(config, onec)).toBe('registry.example.com/a/1c-integration:9.9.9');
  });
  it('prefer a digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const config = resolveConfig('dev', [{ images: { digests: { 'api-gateway': digest } } }]);
    expect(serviceImage(config, gateway)).toBe(`localhost/ai-assistants/api-gateway@${digest}`);
  });
  it('come from a mirror when there is one', () => {
    const config = resolveConfig('dev', [{ images: { mirror: 'mirror.example.com/hub' } }]);
    expect(thirdPartyImage(config, 'redis')).toBe(
      `mirror.example.com/hub/${IMAGES.redis.slice(IMAGES.redis.indexOf('/') + 1)}`,
    );
  });
});

describe('bad input', () => {
  const cases: readonly [string, string, object, string][] = [
    [
      'unknown environment',
      'prod',
      {},
      'environment: "prod" is not valid, expected one of dev, staging, production',
    ],
    [
      'unknown field',
      'dev',
      { images: { tagg: '1' } },
      'images.tagg: "1" is not valid, expected a known field',
    ],
    ['unknown switch', 'dev', { tracing: { enabled: true } }, 'tracing: {"enabled":true} is not valid'],
    [
      'unknown service',
      'dev',
      { services: { nope: {} } },
      'services: "nope" is not valid, expected one of api-gateway',
    ],
    [
      'minimum above maximum',
      'production',
      { autoscaling: { minReplicas: 9 } },
      'autoscaling.minReplicas: 9 is not valid, expected at most maxReplicas (5)',
    ],
    [
      'minimum of a service above maximum',
      'production',
      { services: { security: { minReplicas: 6 } } },
      'services.security.minReplicas: 6 is not valid',
    ],
    [
      'replicas and autoscaling',
      'production',
      { services: { security: { replicas: 3 } } },
      'services.security.replicas: 3 is not valid',
    ],
    [
      'quantity that does not parse',
      'dev',
      { databases: { memory: { request: '256MB', limit: '1Gi' } } },
      'databases.memory.request: "256MB" is not valid, expected a quantity of bytes',
    ],
    [
      'request above limit',
      'dev',
      { redis: { cpu: { request: '2', limit: '1' } } },
      'redis.cpu.request: "2" is not valid, expected at most the limit (1)',
    ],
    [
      'latest in production',
      'production',
      { images: { tag: 'latest' } },
      'images.tag: "latest" is not valid, expected a fixed version: latest is refused in production',
    ],
    [
      'malformed digest',
      'dev',
      { images: { digests: { security: 'sha256:1' } } },
      'images.digests.security: "sha256:1" is not valid',
    ],
    [
      'digest of an unknown image',
      'dev',
      { images: { digests: { nope: `sha256:${'0'.repeat(64)}` } } },
      'images.digests: "nope" is not valid',
    ],
    [
      'acme without host',
      'production',
      { edge: { hosts: [] } },
      'edge.hosts: [] is not valid, expected at least one host',
    ],
    [
      'acme without e-mail',
      'production',
      { edge: { acme: { email: '' } } },
      'edge.acme.email: "" is not valid',
    ],
    [
      'external secrets without store',
      'production',
      { secrets: { source: 'external' } },
      'secrets.store: undefined is not valid',
    ],
    [
      'store without external secrets',
      'production',
      { secrets: { store: { name: 'vault' } } },
      'secrets.source: "existing" is not valid',
    ],
    [
      'grace shorter than drain',
      'dev',
      { terminationSeconds: 5 },
      'terminationSeconds: 5 is not valid, expected at least 120: drainSeconds (5), 110 s for AI_STREAM_SECONDS',
    ],
    [
      'range of addresses',
      'dev',
      { egress: { 'onec-server': { cidrs: ['10.0.0.1'], ports: [80] } } },
      'egress.onec-server.cidrs.0: "10.0.0.1"',
    ],
    [
      'another environment in a file',
      'dev',
      { environment: 'staging' },
      'environment: "staging" is not valid, expected dev',
    ],
  ];
  it.each(cases)('%s: one line with field and value', (_, environment, override, message) => {
    const text = error(() => resolveConfig(environment, [override]));
    expect(text).toContain(message);
    expect(text).not.toContain('\n');
  });
  it('allows latest in dev', () => {
    expect(resolveConfig('dev', [{ images: { tag: 'latest' } }]).images.tag).toBe('latest');
  });
});

describe('destinations outside', () => {
  it('ranges may be set alone: the ports stay', () => {
    const config = resolveConfig('dev', [{ egress: { 'onec-server': { cidrs: ['192.0.2.10/32'] } } }]);
    expect(config.egress['onec-server']).toMatchObject({ cidrs: ['192.0.2.10/32'], ports: [80, 443] });
    expect(config.egress.smtp).toMatchObject({ cidrs: [], ports: [465, 587] });
  });
});
