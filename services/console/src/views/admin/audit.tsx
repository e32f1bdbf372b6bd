import { useState } from 'preact/hooks';
import { answer, api, type Schema } from '../../api/client.ts';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';

type Verification = Schema<'security.VerificationView'>;

/** Verifies the audit log. */
export function Audit() {
  const { t } = useI18n();
  const [found, setFound] = useState<Verification>();
  const verification = useAction(async () => {
    setFound(undefined);
    setFound(await verify());
  });
  return (
    <section class='panel'>
      <h2>{t('admin.audit')}</h2>
      <p>{t('admin.auditText')}</p>
      <button type='button' class='primary' disabled={verification.busy} onClick={() => verification.run()}>
        {t(verification.busy ? 'admin.verifying' : 'admin.verify')}
      </button>
      {found && <Result of={found} />}
      <ProblemNotice problem={verification.problem} />
    </section>
  );
}

/** Verifies the log in parts, up to the end or the first bad entry. */
async function verify(): Promise<Verification> {
  let entries = 0;
  let from: number | undefined;
  for (;;) {
    const params = { query: from === undefined ? {} : { from } };
    const part = await answer(api.GET('/api/security/audit/verify', { params }));
    entries += part.entries;
    if (!part.valid || part.complete || part.next_sequence === null) return { ...part, entries };
    from = part.next_sequence;
  }
}

function Result({ of }: { readonly of: Verification }) {
  const { t } = useI18n();
  const { valid, entries, first_bad_sequence: sequence } = of;
  if (valid) {
    return (
      <Notice kind='success'>
        <p>{t('admin.valid', { entries })}</p>
      </Notice>
    );
  }
  const reason = of.reason ?? '';
  return (
    <Notice kind='error'>
      <p>
        {sequence === null ? t('admin.invalidEnd', { reason }) : t('admin.invalid', { sequence, reason })}
      </p>
    </Notice>
  );
}
