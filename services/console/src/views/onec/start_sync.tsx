import { useState } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Field, Form } from '../../components/field.tsx';
import { Loading } from '../../components/loading.tsx';
import { More } from '../../components/more.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { usePages } from '../../components/pages.ts';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { isAtLeast, useUser } from '../../session_context.ts';

/** Lists the entity sets of the base, to choose and copy. */
export function StartSync({ onStarted }: { readonly onStarted: () => void }) {
  const { t } = useI18n();
  const mayStart = isAtLeast(useUser(), 'analyst');
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [since, setSince] = useState('');
  const [full, setFull] = useState(false);
  const [started, setStarted] = useState(false);
  const start = useAction(async () => {
    const body = { entity_sets: [...chosen], full, ...(since ? { documents_since: since } : {}) };
    await answer(api.POST('/api/1c/sync/data', { body }));
    setStarted(true);
    setChosen(new Set());
    onStarted();
  });
  const choose = (name: string) => {
    setStarted(false);
    setChosen((before) =>
      before.has(name) ? new Set([...before].filter((each) => each !== name)) : new Set([...before, name])
    );
  };
  return (
    <section class='panel'>
      <h2>{t('onec.entitySets')}</h2>
      <Field
        label={t('onec.search')}
        input={{ type: 'search', maxLength: 500 }}
        value={search}
        onValue={setSearch}
      />
      <Form label={t('onec.sync')} onSubmit={start.run}>
        <EntitySets search={search} chosen={chosen} onChoose={mayStart ? choose : undefined} />
        {mayStart
          ? (
            <div class='row'>
              <Field label={t('onec.since')} input={{ type: 'date' }} value={since} onValue={setSince} />
              <label class='check'>
                <input
                  type='checkbox'
                  checked={full}
                  onChange={(event) => setFull(event.currentTarget.checked)}
                />
                {t('onec.full')}
              </label>
              <button type='submit' class='primary' disabled={start.busy || chosen.size === 0}>
                {t('onec.start')}
              </button>
              <span class='small' role='status'>{t('onec.chosen', { count: chosen.size })}</span>
            </div>
          )
          : <p class='muted'>{t('onec.analystOnly')}</p>}
      </Form>
      {started && (
        <Notice kind='success'>
          <p>{t('onec.started')}</p>
        </Notice>
      )}
      <ProblemNotice problem={start.problem} />
    </section>
  );
}

interface EntitySetsProps {
  readonly search: string;
  readonly chosen: ReadonlySet<string>;
  /** Undefined for people who may only look. */
  readonly onChoose: ((name: string) => void) | undefined;
}

function EntitySets({ search, chosen, onChoose }: EntitySetsProps) {
  const { t } = useI18n();
  const sets = usePages(async (range) => {
    const params = { query: { ...range, search } };
    const { entities, total } = await answer(api.GET('/api/1c/metadata', { params }));
    return { items: entities, total };
  }, [search]);
  return (
    <>
      <Loading of={sets}>
        {({ items }) => (
          <ul class='choices'>
            {items.length === 0 && <li class='muted'>{t('onec.noEntitySets')}</li>}
            {items.map((item) => (
              <li key={item.name}>
                {onChoose
                  ? (
                    <label class='check'>
                      <input
                        type='checkbox'
                        checked={chosen.has(item.name)}
                        onChange={() => onChoose(item.name)}
                      />
                      <EntitySetName of={item} />
                    </label>
                  )
                  : <EntitySetName of={item} />}
              </li>
            ))}
          </ul>
        )}
      </Loading>
      <More of={sets} />
    </>
  );
}

function EntitySetName({ of }: { readonly of: Schema<'onec-integration.EntitySetView'> }) {
  const { t } = useI18n();
  return (
    <span>
      {of.title} <small>{of.kind}, {t('onec.fields', { count: of.fields.length })}</small>
    </span>
  );
}
