/** Prometheus of the cluster, asked through the API server: its port is open to no other client. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import { PROMETHEUS } from '../../charts/graph/model.ts';
import { config, kubectl } from './support.ts';

export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly scrapeUrl: string;
}

interface Answer<T> {
  readonly status: string;
  readonly data: T;
}

function ask<T>(path: string): T {
  const service = `services/${PROMETHEUS}:web/proxy`;
  const url = `/api/v1/namespaces/${namespaceOf(config, 'monitoring')}/${service}/api/v1/${path}`;
  const answer: Answer<T> = JSON.parse(kubectl('get', '--raw', url));
  return answer.data;
}

export const activeTargets = (): readonly Target[] =>
  ask<{ activeTargets: Target[] }>('targets?state=active').activeTargets;

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The samples of an expression now. Throws when Prometheus cannot parse it. */
export const query = (expression: string): readonly Sample[] =>
  ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`).result;

export interface RuleState {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** Every rule Prometheus has, alerts and recordings. */
export const ruleStates = (): readonly RuleState[] =>
  ask<{ groups: { rules: RuleState[] }[] }>('rules').groups.flatMap(({ rules }) => rules);

/** Names of all series there are. */
export const metricNames = (): readonly string[] => ask<string[]>('label/__name__/values');

/** Series of every target, or of the runtime of a program's language. */
const COMMON = /^(go|promhttp|scrape)_|_created$/;
const SUFFIXES = { histogram: ['_bucket', '_count', '_sum'], summary: ['', '_count', '_sum'] };

const jobOf = (job: string): string => (job.startsWith('postgres-') ? 'postgres' : job);

/** Names of the metrics the targets declare or had samples of in the last hour, by job; the PostgreSQL exporters are one. */
export function declared(): Readonly<Record<string, readonly string[]>> {
  const jobs = new Map<string, Set<string>>();
  const add = (job: string, names: readonly string[]): void => {
    const known = jobs.get(jobOf(job)) ?? new Set<string>();
    for (const name of names) if (!COMMON.test(name)) known.add(name);
    jobs.set(jobOf(job), known);
  };
  for (const { metric } of query('count by (job, __name__) (last_over_time({__name__=~".+", job!=""}[1h]))'))
    add(metric.job ?? '', [metric.__name__ ?? '']);
  for (const { target, metric, type } of ask<Metadata[]>('targets/metadata'))
    if (target.job !== 'kubelet') add(target.job ?? '', seriesOf(metric, type));
  return Object.fromEntries(
    [...jobs].toSorted(([a], [b]) => a.localeCompare(b)).map(([job, names]) => [job, [...names].toSorted()]),
  );
}

interface Metadata {
  readonly target: Readonly<Record<string, string>>;
  readonly metric: string;
  readonly type: string;
}

const seriesOf = (metric: string, type: string): readonly string[] =>
  type === 'histogram' || type === 'summary' ? SUFFIXES[type].map((suffix) => metric + suffix) : [metric];

/** How many series an expression had at any time in the last so many minutes. */
export function seriesWithin(minutes: number, expression: string): number {
  const end = Math.floor(Date.now() / 1000);
  const range = `start=${end - minutes * 60}&end=${end}&step=30`;
  const path = `query_range?query=${encodeURIComponent(expression)}&${range}`;
  return ask<{ result: readonly unknown[] }>(path).result.length;
}
