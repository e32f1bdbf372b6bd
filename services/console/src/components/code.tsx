import { useState } from 'preact/hooks';
import { type Key, useI18n } from '../i18n/i18n.ts';
import { tokensOf } from '../text/highlight.ts';

/** Code, coloured, with a button that copies it. */
export const Code = ({ text }: { readonly text: string }) => (
  <div class='code'>
    <CopyButton text={text} />
    <pre
      tabIndex={0}
    ><code>{tokensOf(text).map(({ kind, text }, index) => <span key={index} class={kind}>{text}</span>)}</code></pre>
  </div>
);

function CopyButton({ text }: { readonly text: string }) {
  const { t } = useI18n();
  const [label, setLabel] = useState<Key>('code.copy');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setLabel('code.copied'),
      () => setLabel('code.copyFailed'),
    );
  };
  return (
    <button type='button' class='copy' onClick={copy} onBlur={() => setLabel('code.copy')}>
      <span aria-live='polite'>{t(label)}</span>
    </button>
  );
}
