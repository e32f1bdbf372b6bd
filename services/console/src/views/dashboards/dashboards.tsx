import { useEffect, useState } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Choice } from '../../components/field.tsx';
import { Loading } from '../../components/loading.tsx';
import { useLoad } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { goTo, hrefOf } from '../../router.ts';
import type { ViewProps } from '../views.ts';
import { Panel } from './panel.tsx';

type Dashboard = Schema<'analytics.DashboardView'>;

const PERIODS = [7, 30, 90, 365] as const;

/** The dashboards, drawn from their figures. */
export function Dashboards({ route: [chosen] }: ViewProps) {
  const { t, language } = useI18n();
  const [days, setDays] = useState('30');
  const list = useLoad(
    () => answer(api.GET('/api/analytics/dashboards', { params: { query: { language } } })),
    [language],
  );
  const first = list.data?.items[0]?.id;
  useEffect(() => {
    if (!chosen && first) goTo(['dashboards', first], true);
  }, [chosen, first]);
  return (
    <>
      <h1>{t('nav.dashboards')}</h1>
      <Loading of={list}>
        {({ items }) => (
          <nav class='tabs' aria-label={t('nav.dashboards')}>
            {items.map(({ id, title }) => (
              <a key={id} href={hrefOf('dashboards', id)} aria-current={id === chosen ? 'page' : undefined}>
                {title}
              </a>
            ))}
          </nav>
        )}
      </Loading>
      <Choice
        label={t('dashboards.days')}
        value={days}
        options={PERIODS.map((count) => [String(count), t('dashboards.lastDays', { count })])}
        onValue={setDays}
      />
      {chosen && <Shown id={chosen} days={Number(days)} />}
    </>
  );
}

function Shown({ id, days }: { readonly id: string; readonly days: number }) {
  const { t, language } = useI18n();
  const dashboard = useLoad(() => {
    const params = { path: { dashboard_id: id }, query: { days, language } };
    return answer(api.GET('/api/analytics/dashboards/{dashboard_id}', { params }));
  }, [id, days, language]);
  return (
    <Loading of={dashboard}>
      {(data) => (
        <section aria-label={data.title} aria-busy={dashboard.loading}>
          <p class='muted'>{t(data.user_id ? 'dashboards.own' : 'dashboards.everybody')}</p>
          <div class='panels'>
            {panelsOf(data).map((series) => (
              <Panel key={series[0]?.panel} series={series} totals={data.totals} />
            ))}
          </div>
          {data.notes.map((note) => <p key={note} class='small'>{note}</p>)}
        </section>
      )}
    </Loading>
  );
}

type Series = Dashboard['series'][number];

function panelsOf({ series }: Dashboard): readonly (readonly Series[])[] {
  const panels = new Map<string, Series[]>();
  for (const each of series) panels.set(each.panel, [...panels.get(each.panel) ?? [], each]);
  return [...panels.values()];
}
