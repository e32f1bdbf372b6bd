import { useState } from 'preact/hooks';
import { answer, api, done, type Schema } from '../../api/client.ts';
import { Loading } from '../../components/loading.tsx';
import { More } from '../../components/more.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { usePages } from '../../components/pages.ts';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { FILE_FORMATS, type FileFormat, saveReport } from './download.ts';
import { NewReport } from './new_report.tsx';

type Report = Schema<'analytics.ReportSummary'>;

export function Reports() {
  const { t } = useI18n();
  const [made, setMade] = useState(0);
  const reports = usePages(
    (query) => answer(api.GET('/api/analytics/reports', { params: { query } })),
    [made],
    10,
  );
  return (
    <>
      <h1>{t('nav.reports')}</h1>
      <NewReport onMade={() => setMade((count) => count + 1)} />
      <section class='panel'>
        <h2>{t('reports.list')}</h2>
        <Loading of={reports}>
          {({ items }) => (
            <>
              {items.length === 0 && <p class='muted'>{t('reports.none')}</p>}
              {items.map((report) => (
                <ReportItem
                  key={report.id}
                  report={report}
                  onDeleted={reports.reload}
                />
              ))}
            </>
          )}
        </Loading>
        <More of={reports} />
      </section>
    </>
  );
}

interface ReportProps {
  readonly report: Report;
  readonly onDeleted: () => void;
}

function ReportItem({ report, onDeleted }: ReportProps) {
  const { t, time } = useI18n();
  const { id, title } = report;
  const download = useAction((format: FileFormat) => saveReport(id, format));
  const removal = useAction(async () => {
    await done(api.DELETE('/api/analytics/reports/{report_id}', { params: { path: { report_id: id } } }));
    onDeleted();
  });
  return (
    <article class='report'>
      <h3>{title}</h3>
      <p class='small'>
        {time(report.created_at)} · {report.from} – {report.to} ·{' '}
        {t('reports.rowCount', { count: report.row_count })}
      </p>
      <div class='row'>
        {FILE_FORMATS.map((format) => (
          <button
            key={format}
            type='button'
            disabled={download.busy}
            aria-label={t('reports.download', { title, format: format.toUpperCase() })}
            onClick={() => download.run(format)}
          >
            {format.toUpperCase()}
          </button>
        ))}
        <button
          type='button'
          class='quiet'
          disabled={removal.busy}
          aria-label={t('reports.deleteLabel', { title })}
          onClick={() => removal.run()}
        >
          {t('reports.delete')}
        </button>
      </div>
      <ProblemNotice problem={download.problem ?? removal.problem} />
    </article>
  );
}
