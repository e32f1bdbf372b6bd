import { useState } from 'preact/hooks';
import { useI18n } from '../../i18n/i18n.ts';
import { Companies } from './companies.tsx';
import { Jobs } from './jobs.tsx';
import { StartSync } from './start_sync.tsx';

/** The 1C base: its companies, its entity sets, and their copies. */
export function OneC() {
  const { t } = useI18n();
  const [started, setStarted] = useState(0);
  return (
    <>
      <h1>{t('nav.onec')}</h1>
      <StartSync onStarted={() => setStarted((count) => count + 1)} />
      <Jobs started={started} />
      <Companies />
    </>
  );
}
