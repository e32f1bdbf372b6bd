import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Form } from '../../components/field.tsx';
import { useI18n } from '../../i18n/i18n.ts';

/** The API's limit in characters. */
const LONGEST = 32_000;

interface ComposerProps {
  readonly busy: boolean;
  readonly onSend: (text: string) => void;
  readonly onStop: () => void;
  /** Content beside the button. */
  readonly children: ComponentChildren;
}

export function Composer({ busy, onSend, onStop, children }: ComposerProps) {
  const { t } = useI18n();
  const id = useId();
  const [text, setText] = useState('');
  const send = () => {
    if (busy || text.trim() === '') return;
    onSend(text.trim());
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // An Enter that confirms an input method's character does not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <Form class='composer' onSubmit={send}>
      <label for={id}>{t('chat.message')}</label>
      <textarea
        id={id}
        rows={2}
        maxLength={LONGEST}
        value={text}
        aria-describedby={`${id}-hint`}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class='row'>
        {busy
          ? <button type='button' onClick={onStop}>{t('chat.stop')}</button>
          : <button type='submit' class='primary' disabled={text.trim() === ''}>{t('chat.send')}</button>}
        <p id={`${id}-hint`} class='small'>{t('chat.hint')}</p>
        {children}
      </div>
    </Form>
  );
}
