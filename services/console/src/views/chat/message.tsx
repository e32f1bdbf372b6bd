import type { Schema } from '../../api/client.ts';
import { Code } from '../../components/code.tsx';
import { type Key, useI18n } from '../../i18n/i18n.ts';
import { partsOf } from '../../text/answer.ts';
import type { Summary } from './stream.ts';

type Stored = Schema<'ai-assistant.MessageView'>;

/** A stored message, or one that is still arriving. */
export interface Message extends Pick<Stored, 'role' | 'content'> {
  readonly model?: string | null;
  readonly summary?: Pick<Summary, 'model' | 'usage' | 'fallback_for' | 'finish_reason'>;
  /** Why the message ended early. */
  readonly end?: Key;
}

export function MessageItem({ message }: { readonly message: Message }) {
  const { t } = useI18n();
  const { role, content, model, summary, end } = message;
  return (
    <article class={`message ${role}`}>
      <h3>{t(role === 'user' ? 'chat.you' : 'chat.assistant')}{model && <small>{model}</small>}</h3>
      {role === 'user'
        ? <p class='text'>{content}</p>
        : partsOf(content).map(({ kind, text }, index) =>
          kind === 'code' ? <Code key={index} text={text} /> : <p key={index} class='text'>{text}</p>
        )}
      {summary && <Cost of={summary} />}
      {end && <p class='small'>{t(end)}</p>}
    </article>
  );
}

/** The cost and the details of an answer. */
export function Cost({ of }: { readonly of: NonNullable<Message['summary']> }) {
  const { t } = useI18n();
  const { usage, fallback_for, finish_reason } = of;
  const tokens = t('model.usage', { input: usage.input_tokens, output: usage.output_tokens });
  const remarks = [
    usage.estimated ? t('model.estimated') : '',
    fallback_for ? t('model.fallback', { model: fallback_for }) : '',
    finish_reason === 'length' ? t('model.length') : '',
    finish_reason === 'refusal' ? t('model.refusal') : '',
  ];
  return <p class='small cost'>{[tokens, ...remarks].filter(Boolean).join(' · ')}</p>;
}
