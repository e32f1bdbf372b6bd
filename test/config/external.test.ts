/** What is refused of external stores, and with which words. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { ca, external, MOST, REDIS } from '../support/external-stores.ts';
import { configOf } from '../support/objects.ts';

describe('what is refused', () => {
  const refusal = (...overrides: readonly ConfigOverride[]): string => {
    try {
      configOf('production', overrides);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return '';
  };
  const { databases } = external();

  it.each<[string, string, readonly ConfigOverride[]]>([
    [
      'a server without a host',
      'databases.external.host: undefined is not valid, expected the name or address of the server',
      [{ ...external(), databases: { engine: 'external', external: { ...MOST, ca } } }],
    ],
    [
      'a name without ranges',
      'databases.external.cidrs: [] is not valid, expected the ranges databases.example.com answers from, such as 10.20.0.0/24: NetworkPolicies know no names (or databases.external.pods, in this cluster)',
      [external({ cidrs: [] })],
    ],
    [
      'an address outside its ranges',
      'databases.external.host: "192.0.2.99" is not valid, expected an address in databases.external.cidrs (192.0.2.0/28)',
      [external({ host: '192.0.2.99' })],
    ],
    [
      'a service whose address is outside its ranges',
      'services.security.database.host: "192.0.2.99"',
      [external(), { services: { security: { database: { host: '192.0.2.99' } } } }],
    ],
    [
      'two authorities',
      "is not valid, expected a configMap or a secret with databases.example.com's authority",
      [external({ ca: { ...ca, secret: 'other' } })],
    ],
    [
      'a certificate that nothing verifies',
      'redis.external.ca',
      [{ databases, redis: { engine: 'external', external: { ...REDIS, host: 'redis.example.com' } } }],
    ],
    ['Redis without ranges', 'redis.external.cidrs: []', [external({}, { cidrs: [] })]],
    [
      'an external server with another engine',
      'databases.engine: "cloudnative-pg" is not valid, expected external, because databases.external is set',
      [external(), { services: { security: {} }, databases: { engine: 'cloudnative-pg' } }],
    ],
    [
      'an external Redis with another engine',
      'redis.engine: "statefulset" is not valid, expected external, because redis.external is set',
      [external(), { redis: { engine: 'statefulset' } }],
    ],
    [
      "a service's database with another engine",
      'services.analytics.database: {"name":"x"} is not valid, expected nothing: it has no database on an external server',
      [{ services: { analytics: { database: { name: 'x' } } } }],
    ],
    [
      'a database of a service that has none',
      'services.api-gateway.database: {"name":"x"}',
      [external(), { services: { 'api-gateway': { database: { name: 'x' } } } }],
    ],
    [
      'an archive of the log',
      'databases.walArchive: "s3://backups" is not valid, expected nothing with engine external',
      [external(), { databases: { walArchive: 's3://backups' } }],
    ],
    [
      'a limit for each database',
      'databases.maxConnections: 600 is not valid, expected nothing with engine external',
      [external(), { databases: { maxConnections: 600 } }],
    ],
  ])('%s', (_, message, overrides) => {
    expect(refusal(external())).toBe('');
    expect(refusal(...overrides)).toContain(message);
  });

  const neededBy = (...more: readonly ConfigOverride[]): number =>
    Number(
      /expected at least (\d+): rollouts of/.exec(refusal(external({ maxConnections: 1 }), ...more))?.[1],
    );

  it('a server with one connection too few for all databases on it', () => {
    expect(refusal(external({ maxConnections: 1 }))).toMatch(
      /databases\.external\.maxConnections: 1 .*: rollouts of (?:[a-z-]+, ){3,}[a-z-]+ ask/,
    );
    expect(neededBy()).toBeGreaterThan(300);
    expect(refusal(external({ maxConnections: neededBy() }))).toBe('');
    expect(refusal(external({ maxConnections: neededBy() - 1 }))).toContain(`at least ${neededBy()}`);
  });
  it('the autoscaler asks for its maximum where it is on, and for nothing where it is off', () => {
    const off = { autoscaling: { enabled: false, maxReplicas: 9 } };
    expect(neededBy(off, { replicas: 1 })).toBeLessThan(neededBy(off, { replicas: 9 }));
    expect(neededBy({ autoscaling: { maxReplicas: 9 } })).toBe(neededBy(off, { replicas: 9 }));
  });
  it("a service's own server is named where it has too few", () => {
    const own = { host: 'analytics.example.com', maxConnections: 3 };
    expect(refusal(external(), { services: { analytics: { database: own } } })).toMatch(
      /services\.analytics\.database\.maxConnections: 3 .* rollouts of analytics ask .* of analytics\.example/,
    );
  });
});
