import { useI18n } from '../../i18n/i18n.ts';

/** The local ports to which an operator forwards the environments' consoles, as in the platform's values. */
const FORWARDED = [
  { name: 'Grafana', environment: 'dev', port: 3001 },
  { name: 'Prometheus', environment: 'dev', port: 9090 },
  { name: 'Grafana', environment: 'staging', port: 3002 },
  { name: 'Prometheus', environment: 'staging', port: 9091 },
] as const;

export function Monitoring() {
  const { t } = useI18n();
  return (
    <section class='panel'>
      <h2>{t('admin.monitoring')}</h2>
      <p>{t('admin.monitoringText')}</p>
      <pre tabIndex={0}>./platform monitor</pre>
      <ul class='links'>
        {FORWARDED.map(({ name, environment, port }) => (
          <li key={port}>
            <a href={`http://localhost:${port}`} target='_blank' rel='noopener noreferrer'>
              {name}, {environment}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
