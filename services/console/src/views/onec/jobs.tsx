import { useEffect } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Loading } from '../../components/loading.tsx';
import { More } from '../../components/more.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { usePages } from '../../components/pages.ts';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { isAtLeast, useUser } from '../../session_context.ts';

type Job = Schema<'onec-integration.SyncJobView'>;

const AGAIN_MS = 1_000;

const isOpen = ({ status }: Job): boolean => status === 'queued' || status === 'running';

/** The synchronizations; the page polls the progress while one is open. */
export function Jobs({ started }: { readonly started: number }) {
  const { t } = useI18n();
  const jobs = usePages((query) => answer(api.GET('/api/1c/sync', { params: { query } })), [started], 5);
  const { data, reload } = jobs;
  useEffect(() => {
    if (!data?.items.some(isOpen)) return;
    const timer = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [data]);
  return (
    <section class='panel'>
      <h2>{t('onec.jobs')}</h2>
      <Loading of={jobs}>
        {({ items }) => (
          <>
            {items.length === 0 && <p class='muted'>{t('onec.noJobs')}</p>}
            {items.map((job) => <JobItem key={job.id} job={job} onChanged={reload} />)}
          </>
        )}
      </Loading>
      <More of={jobs} />
    </section>
  );
}

interface JobProps {
  readonly job: Job;
  readonly onChanged: () => void;
}

function JobItem({ job, onChanged }: JobProps) {
  const { t, time } = useI18n();
  return (
    <article class='job'>
      <h3>
        {time(job.created_at)}{' '}
        <span class={`badge ${job.status}`} role='status'>{t(`status.${job.status}`)}</span>
      </h3>
      {(job.percent !== null || isOpen(job)) && (
        <progress
          aria-label={t('onec.progress', { time: time(job.created_at) })}
          max={100}
          {...(job.percent === null ? {} : { value: job.percent })}
        />
      )}
      <p class='small'>{t('onec.rows', { read: job.rows_read, stored: job.rows_stored })}</p>
      <ul>
        {job.entity_sets.map((set) => (
          <li key={set.entity_set}>
            {set.entity_set} <span class={`badge ${set.status}`}>{t(`status.${set.status}`)}</span>{' '}
            {set.percent !== null && <small>{set.percent}%</small>}
            {set.error && <p class='failure'>{set.error}</p>}
          </li>
        ))}
      </ul>
      <JobButtons job={job} onChanged={onChanged} />
    </article>
  );
}

function JobButtons({ job, onChanged }: JobProps) {
  const { t } = useI18n();
  const mayChange = isAtLeast(useUser(), 'analyst');
  const params = { path: { job_id: job.id } };
  const change = useAction(async (what: 'cancel' | 'resume') => {
    await (what === 'cancel'
      ? answer(api.POST('/api/1c/sync/{job_id}/cancel', { params }))
      : answer(api.POST('/api/1c/sync/{job_id}/resume', { params })));
    onChanged();
  });
  if (!mayChange || job.status === 'completed') return null;
  const what = isOpen(job) ? 'cancel' : 'resume';
  return (
    <>
      <button type='button' disabled={change.busy} onClick={() => change.run(what)}>
        {t(`onec.${what}`)}
      </button>
      <ProblemNotice problem={change.problem} />
    </>
  );
}
