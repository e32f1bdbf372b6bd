/** promtool parses the rules of every environment, and every alert fires in the cases that it should, and only there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { CONTRACT_SERVICES } from '../support/objects.ts';
import { CASES, CLOUD_NATIVE_PG_CASES } from './cases/index.ts';
import type { Case, CasesOf, Firing, FiringCase } from './cases/model.ts';
import {
  type AlertEntry,
  alertsOf,
  CLOUD_NATIVE_PG,
  EVERYTHING,
  type Group,
  groupsOf,
  HAS_PROMTOOL,
  promtool,
} from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, dump(content, { noRefs: true }));
  return file;
}

const all = <T>(cases: T | readonly T[]): readonly T[] => (Array.isArray(cases) ? cases : [cases as T]);

/** A group takes seconds; a busy machine needs longer. */
const TIMEOUT = 240_000;

/** An annotation with labels and value filled in. */
const filled = (text: string, { labels = {}, value = '' }: Firing): string =>
  text
    .replace(/{{ \$labels\.(\w+) }}/g, (_, label: string) => labels[label] ?? '')
    .replace(/{{ \$value[^}]*}}/g, value);

const expected = (alert: AlertEntry, firing: Firing) => ({
  exp_labels: { ...firing.labels, ...alert.labels },
  exp_annotations: Object.fromEntries(
    Object.entries(alert.annotations ?? {}).map(([name, text]) => [name, filled(text, firing)]),
  ),
});

const test = (alert: AlertEntry, { at, series }: Case, firing: readonly Firing[]) => ({
  name: `${alert.alert} ${firing.length > 0 ? 'fires' : 'is quiet'}`,
  interval: '1m',
  input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
  alert_rule_test: [
    {
      eval_time: at,
      alertname: alert.alert,
      exp_alerts: firing.map((one) => expected(alert, one)),
    },
  ],
});

/** The tests of an alert, by their interval of evaluation. */
function testsOf(alert: AlertEntry, cases: CasesOf) {
  const known = cases[alert.alert];
  if (!known) throw new Error(`test/rules/cases has nothing for ${alert.alert}`);
  const every = ({ every: interval = '1m' }: Case) => interval;
  return [
    ...all<FiringCase>(known.fires).map((one) => ({ every: every(one), test: test(alert, one, one.alerts) })),
    ...all<Case>(known.quiet).map((one) => ({ every: every(one), test: test(alert, one, []) })),
  ];
}

describe.runIf(HAS_PROMTOOL).each([
  ['production', [EVERYTHING], CASES],
  ['cloudnative-pg', [CLOUD_NATIVE_PG], { ...CASES, ...CLOUD_NATIVE_PG_CASES }],
] as const)('unit tests, %s', (name, overrides, cases) => {
  const groups = groupsOf('production', overrides, CONTRACT_SERVICES);
  const components = groups.filter((group) => group.name === 'components');
  // The second environment differs from the first only in its databases.
  const tested = name === 'production' ? groups : groups.filter((group) => group.name === 'postgres');

  const testsOfGroup = (group: Group) => alertsOf([group]).flatMap((alert) => testsOf(alert, cases));

  it.concurrent.each(tested.map((group): [string, Group] => [group.name, group]))(
    '%s',
    async (_, group) => {
      const rules = write(`${name}-${group.name}`, { groups: [...new Set([...components, group])] });
      for (const interval of ['1m', '10m']) {
        const tests = testsOfGroup(group)
          .filter(({ every }) => every === interval)
          .map(({ test: one }) => one);
        const content = { rule_files: [rules], evaluation_interval: interval, tests };
        const file = write(`${name}-${group.name}-${interval}.test`, content);
        expect(await promtool('test', 'rules', file)).toBe('');
      }
    },
    TIMEOUT,
  );

  it('counts', () => {
    const alerts = alertsOf(tested);
    const tests = tested.flatMap(testsOfGroup);
    const fire = tests.filter(({ test: { name: title } }) => title.endsWith('fires'));
    console.info(`${name}: ${alerts.length} alerts, ${tests.length} tests; ${fire.length} of them fire`);
    expect(fire.length).toBeGreaterThanOrEqual(alerts.length);
    expect(tests.length - fire.length).toBeGreaterThanOrEqual(alerts.length);
  });
});

describe.runIf(HAS_PROMTOOL)('promtool check rules', () => {
  it.each([
    ...ENVIRONMENTS.map((name) => [name, []] as const),
    ['production', [EVERYTHING]] as const,
    ['production', [CLOUD_NATIVE_PG]] as const,
    ['production', [{ edge: { controller: 'external' as const, from: { namespace: 'ingress' } } }]] as const,
  ])('%s %j', async (environment, overrides) => {
    const groups = groupsOf(environment, overrides);
    expect(await promtool('check', 'rules', write(`check-${environment}`, { groups }))).toBe('');
  });
  it('refuses what is wrong', async () => {
    const groups = [{ name: 'wrong', rules: [{ alert: 'Wrong', expr: 'sum(' }] }];
    expect(await promtool('check', 'rules', write('wrong', { groups }))).toContain('parse error');
  });
});
