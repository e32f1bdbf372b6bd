/** Load test and database tests, on a cluster that has them: `up --set extras.loadTest.enabled=true …`. */
import { describe, expect, it } from 'vitest';
import { kubectl, NAMESPACE, platform } from '../e2e/support.ts';

const has = (name: string): boolean =>
  kubectl('get', 'cronjob', name, '-n', NAMESPACE, '--ignore-not-found', '-o', 'name').trim() !== '';

describe.skipIf(!has('load-test'))('a load test', () => {
  it('crosses no threshold', async () => {
    const { exitCode, stdout, stderr } = await platform('load-test', '--duration', '30', '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    const { routes } = JSON.parse(stdout);
    expect(routes).toHaveLength(5);
    for (const { service, requests, errorRate, milliseconds } of routes) {
      console.info(
        `${service}: ${requests} requests, ${errorRate} wrong, p95 ${milliseconds['p(95)'].toFixed(1)} ms`,
      );
      expect(requests).toBeGreaterThan(30);
    }
  });
});

describe.skipIf(!has('database-test-security'))('the databases', () => {
  it('are as they should be, and nothing is left in them', async () => {
    const { exitCode, stdout, stderr } = await platform('database-test', '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    const tests = JSON.parse(stdout);
    expect(tests).toHaveLength(5);
    for (const { service, revisions, milliseconds } of tests)
      console.info(`${service}: schema ${revisions}, write and read ${milliseconds} ms`);
  });
});
