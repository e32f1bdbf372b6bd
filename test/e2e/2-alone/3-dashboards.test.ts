/** Runs every query of every dashboard against the cluster's Prometheus, after a user's requests. */
import { beforeAll, describe, expect, it } from 'vitest';
import { dashboards } from '../../../charts/monitoring/dashboards/all.ts';
import { DOCUMENTED, exported } from '../../monitoring/exported.ts';
import { concrete, metricsOf } from '../../monitoring/promql.ts';
import { declared, seriesWithin } from '../prometheus.ts';
import { call, config, eventually, signInAsAdmin, topology } from '../support.ts';

/** Metrics that cannot have samples on this cluster, and why. An entry that has some is stale, and fails. */
const NEVER: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    (config.monitoring.kubeStateMetrics.enabled ? [] : (DOCUMENTED['kube-state-metrics'] ?? [])).map(
      (name) => [name, 'no image of kube-state-metrics here'],
    ),
  ),
  kubelet_volume_stats_available_bytes: "kind's volumes are host paths, which have no statistics",
  kubelet_volume_stats_capacity_bytes: "kind's volumes are host paths, which have no statistics",
  traefik_tls_certs_not_after: "the controller's own certificate is not counted",
};
/** Parts of expressions that have samples only after an event that does not happen in this test. */
const SELDOM: Readonly<Record<string, string>> = {
  ai_fallbacks_total: 'no fallback model is set',
  ai_prompts_flagged_total: 'no injection was tried',
  container_oom_events_total: 'shown only above nought',
  gateway_ejections_total: 'no replica kept failing',
  gateway_websockets: 'none was opened',
  'status=~"5.."': 'no server error',
};

const MINUTES = 20;
const queries = dashboards({ config, topology }).flatMap(({ title, rows }) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap((panel) =>
      panel.queries.map(({ expr }) => ({ where: `${title} / ${panel.title}`, expr: concrete(expr) })),
    ),
  ),
);
/** Why an expression may have no data. */
const reasonsOf = (expr: string): readonly string[] => [
  ...metricsOf(expr).flatMap((name) => NEVER[name] ?? []),
  ...Object.entries(SELDOM).flatMap(([part, reason]) => (expr.includes(part) ? [reason] : [])),
];
const read = new Set(queries.flatMap(({ expr }) => metricsOf(expr)));

beforeAll(async () => {
  const { token } = await signInAsAdmin();
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await call(path, { method: 'POST', body, token });
    expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
  };
  expect((await call('/api/security/audit/verify', { token })).status).toBe(200);
  // There is no key: the model simulator answers.
  await post('/api/ai/chat', { message: 'one' });
  await post('/api/1c/sync/data', { entity_sets: ['Catalog_Организации'] });
  await post('/api/analytics/reports/generate', { kind: 'usage', format: 'json' });
});

describe('dashboards', () => {
  it(`have data for their ${queries.length} queries, or a reason`, async () => {
    // A rate takes two scrapes.
    const empty = await eventually(2 * config.monitoring.scrapeSeconds + 120, () => {
      const found = queries.filter(({ expr }) => seriesWithin(MINUTES, expr) === 0);
      const unexplained = found.filter(({ expr }) => reasonsOf(expr).length === 0);
      expect(unexplained.map(({ where, expr }) => `${where}: ${expr}`)).toEqual([]);
      return found;
    });
    const reasons = new Map<string, number>();
    for (const { expr } of empty)
      for (const reason of new Set(reasonsOf(expr))) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    console.info(
      `${queries.length} queries, ${queries.length - empty.length} with data, ${empty.length} without:`,
    );
    for (const [reason, count] of reasons) console.info(`  ${count}: ${reason}`);
  });
  it('the reasons are not stale', () => {
    for (const part of [...Object.keys(NEVER), ...Object.keys(SELDOM)])
      expect(
        queries.some(({ expr }) => expr.includes(part)),
        `no dashboard reads ${part}`,
      ).toBe(true);
    for (const name of Object.keys(NEVER)) expect(seriesWithin(MINUTES, name), `${name} has samples`).toBe(0);
  });
  it('read metrics that the targets declare, as the table says (else: npm run metrics)', () => {
    const live = declared();
    const names = new Set(Object.values(live).flat());
    const documented = new Set(Object.values(DOCUMENTED).flat());
    expect(
      [...read].filter((name) => !names.has(name) && !documented.has(name) && !(name in SELDOM)),
    ).toEqual([]);
    const table = new Set(Object.values(exported()).flat());
    expect([...read].filter((name) => names.has(name) && !table.has(name) && !documented.has(name))).toEqual(
      [],
    );
  });
});
