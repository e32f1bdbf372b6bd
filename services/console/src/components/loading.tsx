import type { ComponentChildren } from 'preact';
import { useI18n } from '../i18n/i18n.ts';
import { ProblemNotice } from './notice.tsx';
import type { Loaded } from './use_load.ts';

interface LoadingProps<Data> {
  readonly of: Loaded<Data>;
  readonly children: (data: Data) => ComponentChildren;
}

/** Shows the loaded data, the wait, or the error. */
export function Loading<Data>({ of, children }: LoadingProps<Data>) {
  const { t } = useI18n();
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.problem) return <ProblemNotice problem={of.problem} onRetry={of.reload} />;
  return <p class='muted' role='status'>{t('app.loading')}</p>;
}
