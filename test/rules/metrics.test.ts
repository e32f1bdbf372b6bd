/** Every expression asks only for metrics, labels and buckets that are exported. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { find, render, root } from '../support/objects.ts';
import { exporters, type Metric } from './exported.ts';
import { type Selector, selectorsOf } from './promql.ts';
import { CLOUD_NATIVE_PG, EVERYTHING, groupsOf } from './support.ts';

const environments = [
  ...ENVIRONMENTS.map((name) => [name, []] as const),
  ['production', [EVERYTHING]] as const,
  ['production', [CLOUD_NATIVE_PG]] as const,
  ['production', [{ edge: { controller: 'external' as const, from: { namespace: 'ingress' } } }]] as const,
];
const rules = environments
  .flatMap(([name, overrides]) => groupsOf(name, overrides))
  .flatMap((group) => group.rules);
const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
const byName = new Map<string, Metric[]>();
for (const { metrics } of exporters())
  for (const metric of metrics) byName.set(metric.name, [...(byName.get(metric.name) ?? []), metric]);

/** Labels that Prometheus adds to every series. */
const TARGET_LABELS = ['job', 'namespace', 'pod', 'container', 'instance', 'endpoint'];

/** Faults of a selector; empty when there are none. */
function faults({ metric, matchers }: Selector): readonly string[] {
  if (recorded.has(metric)) return [];
  const known = byName.get(metric);
  if (!known) return [`nothing exports ${metric}`];
  const unknown = matchers.filter(
    ({ label }) =>
      !TARGET_LABELS.includes(label) && !known.some(({ labels }) => labels?.includes(label) ?? true),
  );
  return unknown.map(({ label }) => `${metric} has no label ${label}`);
}

const faultsOf = (expression: string) => selectorsOf(expression).flatMap(faults);

describe('metrics of the rules', () => {
  it('are exported, and have the labels that are asked for', () => {
    expect(rules.flatMap(({ expr }) => faultsOf(expr))).toEqual([]);
    const asked = new Set(rules.flatMap(({ expr }) => selectorsOf(expr)).map(({ metric }) => metric));
    const exported = [...asked].filter((name) => !recorded.has(name));
    console.info(`${exported.length} exported metrics are asked for, ${recorded.size} are recorded`);
    expect(exported.length).toBeGreaterThan(80);
  });
  it('an unknown metric, label or grammar is found', () => {
    expect(faultsOf('sum(rate(http_request_total[5m]))')).toEqual(['nothing exports http_request_total']);
    expect(faultsOf('onec_requests_total{state="ok"} > 0')).toEqual([
      'onec_requests_total has no label state',
    ]);
    expect(() => faultsOf('{job="a"}')).toThrow('without a metric');
    expect(() => faultsOf('sum(')).toThrow('not PromQL');
  });
  it('bounds of latency are buckets', () => {
    const asked = rules
      .flatMap(({ expr }) => selectorsOf(expr))
      .filter(({ metric }) => metric.startsWith('http_') && metric.endsWith('_bucket'));
    expect(asked.length).toBeGreaterThan(0);
    for (const { metric, matchers } of asked) {
      const bound = matchers.find(({ label }) => label === 'le')?.value ?? '';
      const pattern = new RegExp(`^(?:${bound})$`);
      for (const { buckets } of byName.get(metric) ?? [])
        expect(
          buckets?.some((bucket) => pattern.test(bucket)),
          `${metric} up to ${bound}`,
        ).toBe(true);
    }
  });
  it('the edge has the bounds that come with it', () => {
    const asked = rules
      .flatMap(({ expr }) => selectorsOf(expr))
      .filter(({ metric }) => metric === 'traefik_router_request_duration_seconds_bucket')
      .map(({ matchers }) => matchers.find(({ label }) => label === 'le')?.value);
    expect([...new Set(asked)]).toEqual(['1.2']);
    const args = JSON.stringify(find(render('production'), 'Deployment', 'traefik').spec);
    expect(args, 'else the bounds of Traefik, 0.1, 0.3, 1.2 and 5, are no longer those').not.toContain(
      'prometheus.buckets',
    );
  });
  it('the stream of events is the one the services write', () => {
    const { expr } = rules.find(({ alert }) => alert === 'EventsLag') ?? { expr: '' };
    const stream = /^STREAM = "(.+)"$/m.exec(
      readFileSync(root('services/common/assistants_common/events.py'), 'utf8'),
    )?.[1];
    expect(expr).toContain(`stream="${stream}"`);
    expect(JSON.stringify(find(render('production'), 'StatefulSet', 'redis').spec)).toContain(
      `"REDIS_EXPORTER_CHECK_SINGLE_STREAMS","value":"db0=${stream}"`,
    );
  });
  it('a first failure is an increase: its series is there from the start', () => {
    const needed: readonly [string, Readonly<Record<string, string>>][] = [
      ['events_consumed_total', { type: 'unknown', outcome: 'dropped' }],
      ['events_consumed_total', { type: 'unknown', outcome: 'invalid' }],
      ['onec_sync_jobs_total', { status: 'failed' }],
      ['mails_total', { purpose: 'reset_password', outcome: 'failed' }],
      ['ai_budget_refusals_total', { reason: 'uncounted' }],
      ['security_notifications_total', { channel: 'email', outcome: 'given_up' }],
    ];
    for (const [name, labels] of needed)
      for (const { series } of byName.get(name) ?? []) expect(series, name).toContainEqual(labels);
  });
});
