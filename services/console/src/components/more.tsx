import { useI18n } from '../i18n/i18n.ts';

/** A button that loads more of a list while there is more. */
export function More(
  { of }: { readonly of: { readonly more: (() => void) | undefined; readonly loading: boolean } },
) {
  const { t } = useI18n();
  if (!of.more) return null;
  return <button type='button' disabled={of.loading} onClick={of.more}>{t('app.more')}</button>;
}
