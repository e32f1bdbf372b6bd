/** Load test and database tests: what is rendered, what is asked, and what the answers mean. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { loadPlan } from '../../charts/extras/load-script.ts';
import { SERVICES } from '../../charts/topology.ts';
import {
  checkDatabases,
  checkLoad,
  millisecondsOf,
  newestRevision,
  parseFound,
  parseLoadResult,
  problemsOf,
  withDatabase,
} from '../../ops/core/cluster-tests.ts';
import { migrationsOf } from '../../ops/steps/cluster-tests.ts';
import { configOf, find, render, WITH_DATABASE } from '../support/objects.ts';

const ON = [{ extras: { loadTest: { enabled: true }, databaseTest: { enabled: true } } }];
const names = (environment: string): readonly string[] =>
  render(environment)
    .filter(({ kind }) => kind === 'CronJob')
    .map(({ metadata }) => metadata.name)
    .filter((name) => /^(load|database)-test/.test(name));

describe('what tests a running platform', () => {
  it('is there in staging only, and for every database', () => {
    expect(names('dev')).toEqual([]);
    expect(names('production')).toEqual([]);
    expect(names('staging')).toHaveLength(1 + WITH_DATABASE.length);
  });
  it('never runs by itself', () => {
    for (const name of names('staging'))
      expect(find(render('staging'), 'CronJob', name).spec).toMatchObject({ suspend: true });
  });
  it('reaches what it tests, and nothing else', () => {
    const { edges } = topologyOf(configOf('dev', ON));
    const from = edges.filter((edge) => /^(load|database)-test/.test(edge.from));
    expect(from).toContainEqual({ from: 'load-test', to: 'api-gateway', port: 'http' });
    expect(from).toContainEqual({
      from: 'database-test-security',
      to: 'postgres-security',
      port: 'postgresql',
    });
    expect(from).toHaveLength(1 + WITH_DATABASE.length);
  });
  it('needs the key all services share', () => {
    const override = [{ settings: { jwtAlgorithm: 'RS256' } as const }];
    expect(() => configOf('staging', override)).toThrow(/extras\.loadTest\.enabled.*RS256/);
  });
});

describe('the plan of a load test', () => {
  const config = configOf('dev', ON);
  const plan = loadPlan(config, topologyOf(config));
  it('asks every service behind the gateway for one read', () => {
    expect(plan.target).toBe('http://api-gateway:3000');
    expect(plan.routes.map(({ service }) => service)).toEqual(
      SERVICES.filter(({ gateway }) => gateway).map(({ name }) => name),
    );
    expect(plan.routes).toContainEqual({
      service: 'user-management',
      path: '/api/users/{user}',
      statuses: [404],
      p95Milliseconds: 500,
    });
  });
  it('keeps below the limit of a user', () => {
    expect(plan.requestsPerMinute).toBe(80);
    expect(plan.requestsPerMinute).toBeLessThan(config.settings.rateLimit);
  });
  it('asks a new service for its description', () => {
    const services = SERVICES.map((spec) =>
      spec.gateway ? { ...spec, gateway: { path: spec.gateway.path } } : spec,
    );
    const [first] = loadPlan(config, topologyOf(config, services)).routes;
    expect(first).toMatchObject({ path: '/api/ai/openapi.json', statuses: [200] });
  });
});

const ROUTE = {
  service: 'security',
  path: '/api/security/alerts',
  requests: 10,
  errorRate: 0,
  maxErrorRate: 0.01,
  milliseconds: { med: 5, 'p(95)': 9, 'p(99)': 10, max: 11 },
  p95Milliseconds: 500,
  ok: true,
};
const resultOf = (route: object): string => JSON.stringify({ users: 1, seconds: 5, routes: [route] });

describe('the result of a load test', () => {
  it('is the last line of JSON in the log', () => {
    const result = parseLoadResult(`time="x" level=warning\n${resultOf(ROUTE)}\n`);
    expect(result?.routes).toEqual([ROUTE]);
    expect(millisecondsOf(ROUTE, 'p(95)')).toBe(9);
    expect(() => result && checkLoad(result)).not.toThrow();
  });
  it('is none when the test did not get so far', () => {
    expect(parseLoadResult('level=error msg="no such file"')).toBeUndefined();
    expect(() => parseLoadResult('{"users": 1}'.replace(' ', ''))).toThrow();
  });
  it('fails for a route that crossed a threshold, and for one without a request', () => {
    const silent = { ...ROUTE, requests: 0, milliseconds: {}, ok: false };
    const result = parseLoadResult(resultOf(silent));
    expect(() => result && checkLoad(result)).toThrow('load-test: thresholds crossed by security; see');
    expect(millisecondsOf(silent, 'med')).toBeUndefined();
  });
});

const FOUND = {
  database: 'security_db',
  server: '15.18 (Debian)',
  revisions: ['0003'],
  read: 1000,
  left: false,
  milliseconds: 30,
  connections: 3,
  settings: {
    default_transaction_read_only: 'off',
    fsync: 'on',
    full_page_writes: 'on',
    max_connections: '60',
    password_encryption: 'scram-sha-256',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
  },
};
const EXPECTED = { rows: 1000, revision: '0003' };

describe('the test of a database', () => {
  it('reads its answer', () => {
    expect(parseFound('security', `NOTICE\n${JSON.stringify(FOUND)}\n`)).toEqual(FOUND);
    expect(() => parseFound('security', 'NOTICE')).toThrow('the test of security said nothing');
    expect(problemsOf(FOUND, EXPECTED)).toEqual([]);
  });
  it.each([
    [{ server: '16.1' }, 'PostgreSQL 16.1, expected 15'],
    [{ revisions: ['0002'] }, 'schema at 0002, the newest migration here is 0003'],
    [{ revisions: null }, 'schema at none, the newest migration here is 0003'],
    [{ read: 999 }, '999 of 1000 rows read back'],
    [{ left: true }, 'the table of the test was not dropped'],
    [{ settings: { ...FOUND.settings, fsync: 'off' } }, 'fsync is off, expected on'],
  ])('finds %j wrong', (change, problem) => {
    expect(problemsOf({ ...FOUND, ...change }, EXPECTED)).toEqual([problem]);
  });
  it('names every database something is wrong with', () => {
    const tests = [
      { service: 'security', problems: ['a', 'b'] },
      { service: 'analytics', problems: [] },
    ];
    expect(() => checkDatabases(tests)).toThrow('database-test: security: a, b; see');
    expect(() => checkDatabases(tests.slice(1))).not.toThrow();
  });
  it('knows the newest migration of every service', () => {
    for (const { name } of withDatabase(SERVICES, []))
      expect(newestRevision(name, migrationsOf(name))).toMatch(/^\d{4}$/);
    const file = (id: string, below: string): string => `revision: str = "${id}"\ndown_revision = ${below}\n`;
    expect(newestRevision('x', [file('2', '"1"'), file('1', 'None')])).toBe('2');
    expect(() => newestRevision('x', [file('2', '"1"'), file('3', '"1"')])).toThrow(
      'x has 2 newest migrations (2, 3)',
    );
  });
});
