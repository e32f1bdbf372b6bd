/** Grafana's Secret, and those a person provides when the configuration needs them. */
import { notifies } from '../config/monitoring.ts';
import type { Config } from '../config/schema.ts';

export const WEBHOOK_SECRET = { name: 'alertmanager-webhook', key: 'ALERTMANAGER_WEBHOOK_URL' } as const;
export const EMAIL_SECRET = { name: 'alertmanager-email', key: 'ALERTMANAGER_SMTP_PASSWORD' } as const;
/** Grafana's administrator, and the key it encrypts with. */
export const GRAFANA_SECRET = { name: 'grafana', keys: ['password', 'secret-key'] } as const;
export const REMOTE_WRITE_SECRET = 'prometheus-remote-write';

const REMOTE_WRITE_KEYS = {
  none: [],
  basic: ['REMOTE_WRITE_USERNAME', 'REMOTE_WRITE_PASSWORD'],
  bearer: ['REMOTE_WRITE_TOKEN'],
} as const;

/** Names and keys of the Secrets the operator reads. */
export function providedSecrets(
  config: Config,
): readonly { readonly name: string; readonly keys: readonly string[] }[] {
  if (!config.monitoring.enabled) return [];
  const remoteWrite = REMOTE_WRITE_KEYS[config.monitoring.remoteWrite.authentication];
  return [
    ...(notifies(config, 'webhook') ? [{ name: WEBHOOK_SECRET.name, keys: [WEBHOOK_SECRET.key] }] : []),
    ...(sendsWithPassword(config) ? [{ name: EMAIL_SECRET.name, keys: [EMAIL_SECRET.key] }] : []),
    ...(remoteWrite.length > 0 ? [{ name: REMOTE_WRITE_SECRET, keys: remoteWrite }] : []),
  ];
}

/** Whether Alertmanager needs a password for the mail server. */
export const sendsWithPassword = (config: Config): boolean =>
  notifies(config, 'email') && config.monitoring.alertmanager.emailUser !== '';
