import { useState } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Choice, Field, Form } from '../../components/field.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';

type Kind = Schema<'analytics.ReportKind'>;
type Group = Schema<'analytics.Group'>;

const KINDS: readonly Kind[] = ['usage', 'cost', 'sync', 'security'];
const GROUPS: readonly Group[] = ['day', 'week', 'month'];

export function NewReport({ onMade }: { readonly onMade: () => void }) {
  const { t, language } = useI18n();
  const [kind, setKind] = useState<Kind>('usage');
  const [group, setGroup] = useState<Group>('day');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [title, setTitle] = useState('');
  const [made, setMade] = useState<string>();
  const making = useAction(async () => {
    const optional = { ...(from ? { from } : {}), ...(to ? { to } : {}), ...(title ? { title } : {}) };
    const body = { kind, group, language, format: 'json', per_user: false, ...optional } as const;
    const report = await answer(api.POST('/api/analytics/reports/generate', { body }));
    setMade(report.title);
    onMade();
  });
  return (
    <section class='panel'>
      <h2>{t('reports.new')}</h2>
      <Form class='row' label={t('reports.new')} onSubmit={making.run}>
        <Choice
          label={t('reports.kind')}
          value={kind}
          options={KINDS.map((each) => [each, t(`reports.${each}`)])}
          onValue={setKind}
        />
        <Choice
          label={t('reports.group')}
          value={group}
          options={GROUPS.map((each) => [each, t(`reports.${each}`)])}
          onValue={setGroup}
        />
        <Field label={t('reports.from')} input={{ type: 'date' }} value={from} onValue={setFrom} />
        <Field label={t('reports.to')} input={{ type: 'date' }} value={to} onValue={setTo} />
        <Field label={t('reports.title')} input={{ maxLength: 120 }} value={title} onValue={setTitle} />
        <button type='submit' class='primary' disabled={making.busy}>{t('reports.make')}</button>
      </Form>
      {made !== undefined && (
        <Notice kind='success'>
          <p>{t('reports.made', { title: made })}</p>
        </Notice>
      )}
      <ProblemNotice problem={making.problem} />
    </section>
  );
}
