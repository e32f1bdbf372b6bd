import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { selectComponents } from '../../ops/core/components.ts';
import { type Asked, healthReport, healthRows, statusRows } from '../../ops/core/status.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('dev');
const topology = topologyOf(config);
const status = statusRows(config, topology, { workloads: [], pods: [] }, new Date());
const components = selectComponents('health', topology, ['security', 'redis']);
const rows = (asked: readonly Asked[]) => healthRows(components, status, asked);

describe('health', () => {
  it('is what a service says, with the latency of what it needs', () => {
    const report = healthReport.parse({
      status: 'unavailable',
      checks: {
        database: { status: 'ok', latency_ms: 1.5 },
        redis: { status: 'unavailable', latency_ms: 3000 },
      },
    });
    const [first] = rows([{ component: 'security', pod: 'security-1', milliseconds: 12, report }]);
    expect(first).toEqual({
      component: 'security',
      pod: 'security-1',
      ok: false,
      milliseconds: 12,
      checks: [
        { name: 'database', ok: true, latencyMs: 1.5 },
        { name: 'redis', ok: false, latencyMs: 3000 },
      ],
      reason: 'redis unavailable',
    });
  });
  it('is a row for each pod', () => {
    const report = healthReport.parse({ status: 'ok', checks: {} });
    const asked = ['a', 'b'].map((pod) => ({ component: 'security', pod, report }));
    expect(rows(asked).map(({ pod, ok }) => [pod, ok])).toEqual([
      ['a', true],
      ['b', true],
      ['', false],
    ]);
  });
  it('is the problem without an answer, and the state of the pods where there is no endpoint', () => {
    expect(
      rows([{ component: 'security', pod: 'a', problem: 'port 8004 not forwarded' }]).map(
        ({ ok, reason }) => [ok, reason],
      ),
    ).toEqual([
      [false, 'port 8004 not forwarded'],
      [false, 'not deployed'],
    ]);
  });
  it('says what a service says when it names no reason', () => {
    const report = healthReport.parse({ status: 'draining', checks: {} });
    expect(rows([{ component: 'security', pod: 'a', report }])[0]?.reason).toBe('says draining');
  });
});
