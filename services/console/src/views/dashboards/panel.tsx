import type { Schema } from '../../api/client.ts';
import { Table } from '../../components/table.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import { barsOf, HEIGHT, scaleOf, WIDTH } from './bars.ts';

type Series = Schema<'analytics.SeriesView'>;

interface PanelProps {
  /** One or several, over the same steps of time. */
  readonly series: readonly Series[];
  /** By the names of series. A total is not always the sum of the days: one user is active on many days. */
  readonly totals: Schema<'analytics.DashboardView'>['totals'];
}

/** Bars over time, with the same figures in a table for people who cannot see the bars. */
export function Panel({ series, totals }: PanelProps) {
  const { t, number } = useI18n();
  const title = series.map(({ label }) => label).join(', ');
  const isEmpty = series.every(({ points }) => points.every(({ value }) => value === 0));
  const total = (name: string) => totals[name] === undefined ? '' : `: ${number(totals[name])}`;
  return (
    <section class='panel chart'>
      <h2>
        {title} <small>{series[0]?.unit}</small>
      </h2>
      <ul class='legend'>
        {series.map(({ name, label }, index) => (
          <li key={name} class={`s${index % 6}`}>{label}{total(name)}</li>
        ))}
      </ul>
      {isEmpty ? <p class='muted'>{t('dashboards.noData')}</p> : (
        <>
          <Bars series={series} />
          <Figures title={title} series={series} />
        </>
      )}
    </section>
  );
}

function Bars({ series }: Pick<PanelProps, 'series'>) {
  const { number, day } = useI18n();
  const steps = series[0]?.points ?? [];
  const most = scaleOf(series.map(({ points }) => points.map(({ value }) => value)));
  const bars = barsOf(series.map(({ points }) => points.map(({ value }) => value)), most);
  const [first, last] = [steps[0], steps.at(-1)];
  return (
    <figure>
      <span class='small most' aria-hidden='true'>{number(most)}</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden='true' preserveAspectRatio='none'>
        {[0.25, 0.5, 0.75, 1].map((part) => (
          <line key={part} x1={0} x2={WIDTH} y1={HEIGHT * (1 - part)} y2={HEIGHT * (1 - part)} />
        ))}
        {bars.map(({ series: index, step, ...place }) => (
          <rect key={`${index}-${step}`} class={`s${index % 6}`} {...place} />
        ))}
      </svg>
      <figcaption class='small' aria-hidden='true'>
        <span>{first && day(first.date)}</span>
        <span>{last && day(last.date)}</span>
      </figcaption>
    </figure>
  );
}

function Figures({ title, series }: { readonly title: string; readonly series: readonly Series[] }) {
  const { t, number, day } = useI18n();
  return (
    <details>
      <summary>{t('dashboards.table')}</summary>
      <Table caption={title} columns={[t('dashboards.date'), ...series.map(({ label }) => label)]}>
        {series[0]?.points.map(({ date }, step) => (
          <tr key={date}>
            <th scope='row'>{day(date)}</th>
            {series.map(({ name, points }) => <td key={name}>{number(points[step]?.value ?? 0)}</td>)}
          </tr>
        ))}
      </Table>
    </details>
  );
}
