import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/problem.ts';
import { useI18n } from '../i18n/i18n.ts';

interface NoticeProps {
  readonly kind: 'info' | 'success' | 'warning' | 'error';
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A message; a screen reader reads it when it appears, an error at once. */
export const Notice = ({ kind, title, children }: NoticeProps) => (
  <div class={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
    {title && <strong>{title}</strong>}
    {children}
  </div>
);

interface ProblemProps {
  readonly problem: Problem | undefined;
  readonly onRetry?: () => void;
}

/** An error in the words of the service. */
export function ProblemNotice({ problem, onRetry }: ProblemProps) {
  const { t } = useI18n();
  if (!problem) return null;
  const { status, message, fields, requestId } = problem;
  return (
    <Notice kind='error'>
      <p>{status === 0 ? t('app.unreachable') : message}</p>
      {fields.length > 0 && (
        <ul>
          {fields.map(({ location, message }) => <li key={location.join()}>{location.at(-1)}: {message}</li>)}
        </ul>
      )}
      {requestId && <p class='small'>{t('app.request', { id: requestId })}</p>}
      {onRetry && <button type='button' onClick={onRetry}>{t('app.retry')}</button>}
    </Notice>
  );
}
