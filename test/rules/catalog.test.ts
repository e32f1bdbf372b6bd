/** Every alert is complete: severity, text, runbook, tests; and every service has its objectives, a new one too. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { SEVERITIES } from '../../charts/monitoring/routing.ts';
import { budgetOf, FAST, SLOS, SLOW } from '../../charts/monitoring/rules/burn.ts';
import { INHIBITIONS } from '../../charts/monitoring/rules/inhibitions.ts';
import { DEFAULT_OBJECTIVE, OBJECTIVES } from '../../charts/monitoring/rules/objectives.ts';
import { SERVICES } from '../../charts/topology.ts';
import { find, render, root } from '../support/objects.ts';
import { CASES, CLOUD_NATIVE_PG_CASES } from './cases/index.ts';
import type { AlertCases, FiringCase } from './cases/model.ts';
import { alertsOf, CLOUD_NATIVE_PG, EVERYTHING, type Group, groupsOf } from './support.ts';

const RUNBOOKS = 'docs/runbooks';
const environments: readonly (readonly [string, readonly Group[]])[] = [
  ...ENVIRONMENTS.map((name) => [name, groupsOf(name)] as const),
  ['production, everything', groupsOf('production', [EVERYTHING])],
  ['production, cloudnative-pg', groupsOf('production', [CLOUD_NATIVE_PG])],
];
const alerts = environments.flatMap(([, groups]) => alertsOf(groups));
const names = [...new Set(alerts.map(({ alert }) => alert))].sort();
const cases: Readonly<Record<string, AlertCases>> = { ...CLOUD_NATIVE_PG_CASES, ...CASES };

describe('alerts', () => {
  it.each(environments)('%s: each name once', (name, groups) => {
    const ours = alertsOf(groups).map(({ alert }) => alert);
    expect(new Set(ours).size).toBe(ours.length);
    console.info(`${name}: ${ours.length} alerts in ${groups.length} groups`);
  });
  it('each has tests, and no test is left over', () => {
    expect(Object.keys(cases).sort()).toEqual(names);
  });
  it.each(names)('%s says what, how much, how bad and what to do', (name) => {
    for (const { alert, labels, annotations = {} } of alerts.filter((one) => one.alert === name)) {
      expect(Object.keys(SEVERITIES)).toContain(labels?.severity);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
      expect(annotations.runbook_url).toBe(`${RUNBOOKS}/${alert}.md`);
      expect(annotations.summary?.length).toBeGreaterThan(10);
      expect(annotations.description).toMatch(/\.$/);
      expect(annotations.description).not.toBe(annotations.summary);
    }
  });
  it('the address of the runbooks is configured', () => {
    const base = 'https://git.example.com/platform/blob/main/docs/runbooks';
    const [first] = alertsOf(groupsOf('dev', [{ monitoring: { runbooks: base } }]));
    expect(first?.annotations?.runbook_url).toBe(`${base}/${first?.alert}.md`);
    expect(() => groupsOf('dev', [{ monitoring: { runbooks: `${base}/` } }])).toThrow('monitoring.runbooks');
  });
  it('none without monitoring, none of a part that is off', () => {
    expect(groupsOf('dev', [{ monitoring: { enabled: false } }])).toEqual([]);
    const part = { enabled: false };
    const off = groupsOf('dev', [
      { monitoring: { kubeStateMetrics: part, nodeExporter: part, kubelet: part }, backups: part },
    ]);
    expect(JSON.stringify(off)).not.toMatch(/kube_|node_|container_|kubelet_/);
  });
});

describe('runbooks', () => {
  const files = readdirSync(root(RUNBOOKS)).sort();
  const text = (name: string): string => readFileSync(root(`${RUNBOOKS}/${name}.md`), 'utf8');
  /** Names in Kubernetes that look like the name of an alert. */
  const OTHERS = ['WaitForFirstConsumer', 'ErrImagePull', 'Retry-After'];

  it('one each, and no other', () => {
    expect(files).toEqual(names.map((name) => `${name}.md`));
  });
  it.each(names)('%s', (name) => {
    const page = text(name);
    expect(page.startsWith(`# ${name}\n\n`)).toBe(true);
    expect(page).toMatch(/\n## Check\n\n```sh\n[^`]+\n```\n\n## Mend\n\n- /);
    const named = [...page.matchAll(/`((?:[A-Z][a-z0-9]+){2,}[A-Za-z]*)`/g)].map(([, word = '']) => word);
    expect(named.filter((word) => !OTHERS.includes(word) && !names.includes(word))).toEqual([]);
  });
});

describe('inhibition', () => {
  const labelsOf = (name: string): readonly string[] => {
    const fires = cases[name]?.fires;
    const [first] = [fires].flat() as readonly (FiringCase | undefined)[];
    return Object.keys(first?.alerts[0]?.labels ?? {});
  };
  it.each(INHIBITIONS)('$source silences $targets', ({ source, targets, equal }) => {
    for (const name of [source, ...targets]) {
      expect(names).toContain(name);
      expect(labelsOf(name)).toEqual(expect.arrayContaining([...equal]));
    }
    expect(targets).not.toContain(source);
  });
  it('is what Alertmanager is told', () => {
    const { inhibitRules } = find(render('production'), 'AlertmanagerConfig', 'assistants').spec;
    expect(inhibitRules).toContainEqual({
      sourceMatch: [{ name: 'alertname', value: 'ServiceDown', matchType: '=' }],
      targetMatch: [{ name: 'alertname', value: 'TargetDown', matchType: '=~' }],
      equal: ['job'],
    });
  });
});

describe('objectives', () => {
  const recorded = (groups: readonly Group[]) =>
    groups
      .flatMap(({ rules }) => rules)
      .filter(({ record }) => record === 'slo:error_budget:ratio')
      .map(({ labels, expr }) => `${labels?.service} ${labels?.slo} ${expr}`);
  const wanted = (services: readonly string[]) =>
    services.flatMap((name) => SLOS.map((slo) => `${name} ${slo} vector(${budgetOf(name, slo)})`));
  const services = SERVICES.map(({ name }) => name);

  it.each(environments)('%s: every service and the edge, availability and latency', (_, groups) => {
    expect(recorded(groups)).toEqual(wanted(['traefik', ...services]));
  });
  it('the services alone behind a controller of the cluster', () => {
    expect(
      recorded(
        groupsOf('production', [{ edge: { controller: 'external', from: { namespace: 'ingress' } } }]),
      ),
    ).toEqual(wanted(services));
  });
  it('a seventh service has alerts for free, by the default', () => {
    const [, , , , , model] = SERVICES;
    if (!model) throw new Error('no sixth service');
    const billing = {
      ...model,
      name: 'billing',
      port: 8005,
      database: { name: 'billing_db', user: 'billing_user' },
      route: { path: '/billing' },
      gateway: { path: '/api/billing' },
    };
    const groups = groupsOf('production', [], [...SERVICES, billing]);
    expect(recorded(groups)).toEqual(wanted(['traefik', ...services, 'billing']));
    expect(budgetOf('billing', 'availability')).toBeCloseTo(1 - DEFAULT_OBJECTIVE.availability / 100);
    const rules = JSON.stringify(groups);
    for (const part of [
      'route=~\\"/api/billing/[*]\\"',
      'service=\\"assistants-billing-http@kubernetes\\"',
      '"job":"postgres-billing","kind":"postgres","service":"billing"',
      '"cronjob":"restore-drill-billing"',
    ])
      expect(rules).toContain(part);
  });
  it('a service of its own counts its own requests', () => {
    const [, , , , , model] = SERVICES;
    if (!model) throw new Error('no sixth service');
    const { route: _, gateway: __, ...inner } = { ...model, name: 'inner', port: 8005 };
    const groups = groupsOf('production', [], [...SERVICES, inner]);
    expect(JSON.stringify(groups)).toContain('http_requests_total{job=\\"inner\\",route!~');
  });
  it('the table names what there is', () => {
    for (const name of Object.keys(OBJECTIVES)) expect(['traefik', ...services]).toContain(name);
    for (const { availability, latency } of Object.values(OBJECTIVES)) {
      expect(availability).toBeGreaterThanOrEqual(99);
      expect(availability).toBeLessThan(100);
      expect(latency.percent).toBeLessThan(100);
    }
  });
  it('burn rates use up the shares of a month they are meant to', () => {
    const HOURS: Readonly<Record<string, number>> = { '1h': 1, '6h': 6, '1d': 24, '3d': 72 };
    const used = [...FAST, ...SLOW].map(({ long, factor }) => ((HOURS[long] ?? 0) * factor) / (30 * 24));
    expect(used.map((share) => Number(share.toFixed(3)))).toEqual([0.02, 0.05, 0.1, 0.1]);
  });
});
