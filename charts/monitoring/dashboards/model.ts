/** A dashboard as data: its queries, and how people read them. render.ts turns it into Grafana's JSON. */
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
  /** What it shows, and what to do about it. @default none */
  readonly description?: string;
  /** `graph`: over time; `stat`: the newest value, large. @default graph */
  readonly kind?: 'graph' | 'stat';
  /** @default none */
  readonly unit?: Unit;
  /** Values at which the panel turns yellow and red. @default neither */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
  readonly queries: readonly Query[];
}

export interface DashboardSpec {
  /** Part of the dashboard's address; must never change. */
  readonly uid: string;
  readonly title: string;
  readonly folder: 'Platform' | 'Services' | 'Data';
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[];
}

export interface DashboardContext {
  readonly config: Config;
  readonly topology: Topology;
}
