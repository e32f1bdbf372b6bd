/** Grafana's JSON of a dashboard, by Grafana's own SDK. */
import {
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type GridPos,
  RowBuilder,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardSpec, PanelSpec, Query } from './model.ts';

export const DATA_SOURCE = { type: 'prometheus', uid: 'prometheus' } as const;

const COLUMNS = 24;
const SIZE = { graph: { w: 8, h: 7 }, stat: { w: 4, h: 4 } } as const;

/** `A`, `B`, … */
const refId = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);

const target = ({ expr, legend }: Query, index: number): DataqueryBuilder =>
  new DataqueryBuilder().expr(expr).legendFormat(legend).refId(refId(index)).datasource(DATA_SOURCE);

function thresholds({ warning, critical }: NonNullable<PanelSpec['thresholds']>): ThresholdsConfigBuilder {
  const base: Threshold = { value: null, color: 'green' };
  const steps = [base, { value: warning, color: 'yellow' }, { value: critical, color: 'red' }];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function panel(spec: PanelSpec, id: number, place: GridPos): GraphBuilder | StatBuilder {
  const { kind = 'graph', unit = 'none' } = spec;
  const builder = kind === 'graph' ? graph() : new StatBuilder();
  builder
    .id(id)
    .title(spec.title)
    .unit(unit)
    .datasource(DATA_SOURCE)
    .gridPos(place)
    .targets(spec.queries.map(target));
  if (spec.description) builder.description(spec.description);
  if (spec.thresholds) builder.thresholds(thresholds(spec.thresholds));
  return builder;
}

const graph = (): GraphBuilder =>
  new GraphBuilder()
    .min(0)
    .showPoints(VisibilityMode.Never)
    .fillOpacity(8)
    .legend(new VizLegendOptionsBuilder().showLegend(true))
    .tooltip(new VizTooltipOptionsBuilder());

/** Places panels from left to right; a new row starts when a row is full or the kind of panel changes. */
function placesOf(panels: readonly PanelSpec[], top: number): readonly GridPos[] {
  const places: GridPos[] = [];
  for (const { kind = 'graph' } of panels) {
    const last = places.at(-1);
    const size = SIZE[kind];
    const fits = last && last.h === size.h && last.x + last.w + size.w <= COLUMNS;
    if (fits) places.push({ ...size, x: last.x + last.w, y: last.y });
    else places.push({ ...size, x: 0, y: last ? last.y + last.h : top });
  }
  return places;
}

export function renderDashboard({ uid, title, rows }: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .tags(['ai-assistants'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('1m')
    .time({ from: 'now-3h', to: 'now' });
  let id = 0;
  let top = 0;
  for (const row of rows) {
    id += 1;
    builder.withRow(new RowBuilder(row.title).id(id).gridPos({ x: 0, y: top, w: COLUMNS, h: 1 }));
    const places = placesOf(row.panels, top + 1);
    row.panels.forEach((spec, index) => {
      const place = places[index];
      id += 1;
      if (place) builder.withPanel(panel(spec, id, place));
    });
    const last = places.at(-1);
    top = last ? last.y + last.h : top + 1;
  }
  return builder.build();
}
