/** Prometheus of the cluster, asked through the API server: its port is open to nobody else. */
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
