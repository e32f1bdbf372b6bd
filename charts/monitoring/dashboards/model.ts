/** A dashboard as data: what is asked and how it is read. How Grafana wants it is render.ts. */
import type { Config } from '../../config/schema.ts';
import type { Topology } from '../../graph/model.ts';

/** Units the panels use, by Grafana's names. */
export type Unit =
  | 'bytes'
  | 'Bps'
  | 'currencyUSD'
  | 'dateTimeFromNow'
  | 'none'
  | 'percentunit'
  | 'reqps'
  | 's'
  | 'short';

export interface Query {
  /** PromQL; `$__rate_interval` and `$__range` are Grafana's. */
  readonly expr: string;
  /** Name of each series, such as `{{job}}`. */
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  /** What it tells, and what to do about it. @default none */
  readonly description?: string;
  /** `graph`: over time; `stat`: the newest value, large. @default graph */
  readonly kind?: 'graph' | 'stat';
  /** @default none */
  readonly unit?: Unit;
  /** Values from which on it is yellow and red. @default neither */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
  readonly queries: readonly Query[];
}

export interface DashboardSpec {
  /** In addresses; never changes. */
  readonly uid: string;
  readonly title: string;
  readonly folder: 'Platform' | 'Services' | 'Data';
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[];
}

export interface DashboardContext {
  readonly config: Config;
  readonly topology: Topology;
}
