import { useId, useState } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Code } from '../../components/code.tsx';
import { Choice, Form } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { Cost } from '../chat/message.tsx';
import { ModelChoice, ModelNotice, useModels } from '../chat/models.tsx';

type Generated = Schema<'ai-assistant.GeneratedCode'>;
type Kind = Generated['kind'];

const KINDS: readonly Kind[] = ['module', 'query', 'report'];

/** Generates code from a description. */
export function CodeView() {
  const { t } = useI18n();
  const id = useId();
  const models = useModels();
  const [kind, setKind] = useState<Kind>('query');
  const [description, setDescription] = useState('');
  const [model, setModel] = useState('');
  const [result, setResult] = useState<Generated>();
  const generation = useAction(async () => {
    const body = { kind, description, ...(model ? { model } : {}) };
    setResult(await answer(api.POST('/api/ai/generate', { body })));
  });
  return (
    <>
      <h1>{t('code.title')}</h1>
      <ModelNotice models={models} />
      <Form class='panel' label={t('code.title')} onSubmit={generation.run}>
        <Choice
          label={t('code.kind')}
          value={kind}
          options={KINDS.map((each) => [each, t(`code.${each}`)])}
          onValue={setKind}
        />
        <div class='field wide'>
          <label for={id}>{t('code.description')}</label>
          <textarea
            id={id}
            rows={3}
            required
            maxLength={32_000}
            placeholder={t('code.example')}
            value={description}
            onInput={(event) => setDescription(event.currentTarget.value)}
          />
        </div>
        <ModelChoice models={models} value={model} onValue={setModel} />
        <button type='submit' class='primary' disabled={generation.busy}>
          {t(generation.busy ? 'code.generating' : 'code.generate')}
        </button>
      </Form>
      <ProblemNotice problem={generation.problem} />
      <section aria-live='polite' aria-busy={generation.busy} aria-label={t('code.result')}>
        {result && <Result of={result} />}
      </section>
    </>
  );
}

function Result({ of }: { readonly of: Generated }) {
  const { t } = useI18n();
  return (
    <>
      <h2>
        {t('code.result')} <small>{of.model}</small>
      </h2>
      <Code text={of.code} />
      <Cost of={of} />
      {of.context.length > 0 && <p class='small'>{t('code.context')} {of.context.join(', ')}</p>}
    </>
  );
}
