import { answer, api, type Schema } from '../../api/client.ts';
import { Choice } from '../../components/field.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { type Loaded, useLoad } from '../../components/use_load.ts';
import { type Key, useI18n } from '../../i18n/i18n.ts';

export type Models = Schema<'ai-assistant.ModelList'>;

export const useModels = (): Loaded<Models> =>
  useLoad(() => answer(api.GET('/api/ai/models', { params: { query: { limit: 100 } } })), []);

const UNAVAILABLE = 503;

/** Tells when no model is configured, and how to configure one. */
export function ModelNotice({ models }: { readonly models: Loaded<Models> }) {
  const { data, problem } = models;
  if (data?.simulated) return <HowTo kind='info' title='model.simulated' text='model.simulatedText' />;
  if (!problem) return null;
  return (
    <>
      <ProblemNotice problem={problem} onRetry={models.reload} />
      {problem.status === UNAVAILABLE && <HowTo kind='warning' title='model.none' text='model.noneText' />}
    </>
  );
}

interface HowToProps {
  readonly kind: 'info' | 'warning';
  readonly title: Key;
  readonly text: Key;
}

function HowTo({ kind, title, text }: HowToProps) {
  const { t } = useI18n();
  return (
    <Notice kind={kind} title={t(title)}>
      <p>{t(text)}</p>
      <details>
        <summary>{t('model.how')}</summary>
        <p>{t('model.howDev')}</p>
        <pre tabIndex={0}>OPENAI_API_KEY=… ./platform secrets rotate dev ai-assistant-providers</pre>
        <p>{t('model.howOthers')}</p>
        <pre tabIndex={0}>OPENAI_API_KEY=… ./platform secrets create production --context CONTEXT</pre>
        <p>{t('model.howServer')}</p>
      </details>
    </Notice>
  );
}

interface ModelChoiceProps {
  readonly models: Loaded<Models>;
  /** Empty for the default. */
  readonly value: string;
  readonly onValue: (model: string) => void;
}

export function ModelChoice({ models, value, onValue }: ModelChoiceProps) {
  const { t } = useI18n();
  const { items = [], default: usual } = models.data ?? {};
  return (
    <Choice
      label={t('model.model')}
      value={value}
      options={[
        ['', t('model.default', { model: usual ?? '…' })],
        ...items.map(({ id }) => [id, id] as const),
      ]}
      onValue={onValue}
    />
  );
}
