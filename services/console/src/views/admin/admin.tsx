import { useI18n } from '../../i18n/i18n.ts';
import { isAtLeast, useUser } from '../../session_context.ts';
import { Alerts } from './alerts.tsx';
import { Audit } from './audit.tsx';
import { Monitoring } from './monitoring.tsx';
import { Users } from './users.tsx';

/** Analysts see the alerts, administrators all. */
export function Admin() {
  const { t } = useI18n();
  const isAdmin = isAtLeast(useUser(), 'admin');
  return (
    <>
      <h1>{t('nav.admin')}</h1>
      {isAdmin && <Users />}
      <Alerts mayChange={isAdmin} />
      {isAdmin && <Audit />}
      <Monitoring />
    </>
  );
}
