import { useState } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Choice } from '../../components/field.tsx';
import { Loading } from '../../components/loading.tsx';
import { More } from '../../components/more.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { usePages } from '../../components/pages.ts';
import { useAction } from '../../components/use_load.ts';
import { type Key, useI18n } from '../../i18n/i18n.ts';

type Alert = Schema<'security.AlertView'>;
type State = Schema<'security.AlertState'>;

const STATES: readonly State[] = ['open', 'acknowledged', 'resolved'];

/** The changes of state that the service allows. */
const NEXT: Readonly<Record<State, readonly (readonly [state: State, label: Key])[]>> = {
  open: [['acknowledged', 'admin.acknowledge'], ['resolved', 'admin.resolve']],
  acknowledged: [['resolved', 'admin.resolve'], ['open', 'admin.reopen']],
  resolved: [['open', 'admin.reopen']],
};

export function Alerts({ mayChange }: { readonly mayChange: boolean }) {
  const { t } = useI18n();
  const [state, setState] = useState<State | ''>('');
  const alerts = usePages(
    (range) =>
      answer(
        api.GET('/api/security/alerts', { params: { query: { ...range, ...(state ? { state } : {}) } } }),
      ),
    [state],
    10,
  );
  return (
    <section class='panel'>
      <h2>{t('admin.alerts')}</h2>
      <Choice
        label={t('admin.state')}
        value={state}
        options={[
          ['', t('admin.allStates')] as const,
          ...STATES.map((each) => [each, t(`alert.${each}`)] as const),
        ]}
        onValue={setState}
      />
      <Loading of={alerts}>
        {({ items }) => (
          <>
            {items.length === 0 && <p class='muted'>{t('admin.noAlerts')}</p>}
            {items.map((alert) => (
              <AlertItem key={alert.id} alert={alert} mayChange={mayChange} onChanged={alerts.reload} />
            ))}
          </>
        )}
      </Loading>
      <More of={alerts} />
    </section>
  );
}

interface AlertProps {
  readonly alert: Alert;
  readonly mayChange: boolean;
  readonly onChanged: () => void;
}

function AlertItem({ alert, mayChange, onChanged }: AlertProps) {
  const { t, time } = useI18n();
  const change = useAction(async (state: State) => {
    const params = { path: { alert_id: alert.id } };
    await answer(api.POST('/api/security/alerts/{alert_id}/state', { params, body: { state } }));
    onChanged();
  });
  return (
    <article class='alert-item'>
      <h3>
        {alert.title} <span class={`badge ${alert.severity}`}>{t(`severity.${alert.severity}`)}</span>{' '}
        <span class={`badge ${alert.state}`}>{t(`alert.${alert.state}`)}</span>
      </h3>
      <p class='small'>
        {alert.subject} · {t('admin.events', { count: alert.count, time: time(alert.last_seen) })}
      </p>
      {alert.changes.length > 0 && (
        <details>
          <summary>{t('admin.history')}</summary>
          <ul>
            {alert.changes.map((each) => (
              <li key={each.time}>
                {time(each.time)}: {t(`alert.${each.from_state}`)} → {t(`alert.${each.to_state}`)}{' '}
                {each.note && <q>{each.note}</q>}
              </li>
            ))}
          </ul>
        </details>
      )}
      {mayChange && (
        <div class='row'>
          {NEXT[alert.state].map(([state, label]) => (
            <button
              key={state}
              type='button'
              disabled={change.busy}
              aria-label={`${t(label)}: ${alert.title}`}
              onClick={() => change.run(state)}
            >
              {t(label)}
            </button>
          ))}
        </div>
      )}
      <ProblemNotice problem={change.problem} />
    </article>
  );
}
