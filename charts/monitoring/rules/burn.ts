/** Objectives as rules: how fast each error budget burns, over two windows at a time. */
import { availability, type Indicator, latency } from './indicators.ts';
import type { Alert, Recording, RuleGroup, RuleScope } from './model.ts';
import { objectiveOf, objects } from './objectives.ts';

export const SLOS = ['availability', 'latency'] as const;
export type Slo = (typeof SLOS)[number];

/**
 * A burn rate: a 30-day error budget burns `factor` times too fast. The long window shows that it matters,
 * the short one that it still continues. At these rates the long window uses up 2 %, 5 %, 10 % and 10 % of
 * the budget.
 */
export interface Burn {
  readonly long: string;
  readonly short: string;
  readonly factor: number;
}

/** Wakes a person up. */
export const FAST: readonly Burn[] = [
  { long: '1h', short: '5m', factor: 14.4 },
  { long: '6h', short: '30m', factor: 6 },
];
/** Needs a person on the same day. */
export const SLOW: readonly Burn[] = [
  { long: '1d', short: '2h', factor: 3 },
  { long: '3d', short: '6h', factor: 1 },
];
/** Fewest failures in the long window that may alert: a night with two requests is no outage. */
const LEAST_FAILURES = 10;

const windows = [...new Set([...FAST, ...SLOW].flatMap(({ long, short }) => [long, short]))];

/** Share of the requests that may break the objective. */
export function budgetOf(service: string, slo: Slo): number {
  const { availability, latency } = objectiveOf(service);
  const percent = slo === 'availability' ? availability : latency.percent;
  return Number(((100 - percent) / 100).toFixed(6));
}

function indicatorRules(scope: RuleScope, service: string, slo: Slo): readonly Recording[] {
  const indicator: Indicator =
    slo === 'availability' ? availability(scope, service) : latency(scope, service);
  const labels = { service, slo };
  return [
    { record: 'slo:requests:rate5m', labels, expr: indicator.requests },
    { record: 'slo:failures:rate5m', labels, expr: indicator.failures },
    { record: 'slo:error_budget:ratio', labels, expr: `vector(${budgetOf(service, slo)})` },
  ];
}

const ratioOver = (window: string): Recording => ({
  record: `slo:error_ratio:avg${window}`,
  expr: `avg_over_time(slo:failures:rate5m[${window}]) / avg_over_time(slo:requests:rate5m[${window}])`,
});

function burns({ config }: RuleScope, slo: Slo, { long, short, factor }: Burn): string {
  const above = (window: string) =>
    `slo:error_ratio:avg${window}{slo="${slo}"} > ${factor} * slo:error_budget:ratio`;
  // Each sample counts for the seconds until the next.
  const failures = `sum_over_time(slo:failures:rate5m{slo="${slo}"}[${long}]) * ${config.monitoring.scrapeSeconds}`;
  return `(${above(long)} and ${above(short)} and ${failures} >= ${LEAST_FAILURES})`;
}

const FAILED: Readonly<Record<Slo, string>> = { availability: 'failed', latency: 'took too long' };
const TITLE: Readonly<Record<Slo, string>> = { availability: 'Availability', latency: 'Latency' };

const burnAlerts = (scope: RuleScope, slo: Slo): readonly Alert[] => [
  {
    alert: `${TITLE[slo]}BudgetBurnsFast`,
    severity: 'critical',
    for: '1m',
    expr: FAST.map((burn) => burns(scope, slo, burn)).join(' or '),
    summary: `Too many requests to {{ $labels.service }} ${FAILED[slo]}`,
    description: `{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} ${FAILED[slo]}: the error budget of a month is gone in days.`,
  },
  {
    alert: `${TITLE[slo]}BudgetBurnsSlowly`,
    severity: 'warning',
    for: '15m',
    expr: SLOW.map((burn) => burns(scope, slo, burn)).join(' or '),
    summary: `More requests to {{ $labels.service }} ${FAILED[slo]} than its objective allows`,
    description: `{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} ${FAILED[slo]} over a day or three: the error budget will not last.`,
  },
];

export const objectiveGroups = (scope: RuleScope): readonly RuleGroup[] => [
  {
    name: 'objectives',
    recordings: [
      ...objects(scope.topology).flatMap((service) =>
        SLOS.flatMap((slo) => indicatorRules(scope, service, slo)),
      ),
      ...windows.map(ratioOver),
      {
        record: 'slo:error_budget_left:avg3d',
        expr: '1 - slo:error_ratio:avg3d / slo:error_budget:ratio',
      },
    ],
    alerts: SLOS.flatMap((slo) => burnAlerts(scope, slo)),
  },
];
