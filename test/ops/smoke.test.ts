import { describe, expect, it } from 'vitest';
import { SERVICES } from '../../charts/topology.ts';
import { complaint, probesThroughEdge } from '../../ops/steps/smoke.ts';
import { WITH_ROUTE } from '../support/objects.ts';

const probes = probesThroughEdge(SERVICES);
const probe = (service: string) => {
  const found = probes.find((one) => one.service === service);
  if (!found) throw new Error(`${service} has no route`);
  return found;
};

describe('the smoke test', () => {
  it('asks every route of the edge', () => {
    expect(probes).toHaveLength(WITH_ROUTE.length);
    expect(probes.slice(0, 6).map(({ path }) => path)).toEqual([
      '/api/smoke-test',
      '/ai/health',
      '/1c/health',
      '/auth/smoke-test',
      '/analytics/health',
      '/security/health',
    ]);
  });
  it.each([
    ['security', 200, '{"service": "security"}', undefined],
    ['security', 200, '{"service": "analytics"}', '/security/health: expected 200 of security, got 200'],
    ['security', 503, '{"service": "security"}', 'got 503'],
    ['security', 502, 'Bad Gateway', 'got 502 Bad Gateway'],
    ['user-management', 404, '{"status": 404, "request_id": "x"}', undefined],
    ['user-management', 404, '404 page not found', 'expected an answer of user-management, got 404 404 page'],
    ['user-management', 503, '{"request_id": "x"}', 'got 503'],
  ])('%s answering %d %s', (service, status, text, message) => {
    const found = complaint(probe(service), { status, text });
    if (message === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(message);
  });
});
