/** Whom Alertmanager notifies, by severity, and which alerts it suppresses. */
import type { AlertmanagerConfigSpec, Receiver, Route } from '../../imports/monitoring.coreos.com.ts';
import type { Config } from '../config/schema.ts';
import { INHIBITIONS } from './rules/inhibitions.ts';
import { EMAIL_SECRET, sendsWithPassword, WEBHOOK_SECRET } from './secrets.ts';

/** Severities, and how often Alertmanager repeats an alert that still fires. */
export const SEVERITIES = { critical: '1h', warning: '12h', info: '24h' } as const;
type Severity = keyof typeof SEVERITIES;
/** A receiver without an address, for alerts that no other receiver takes. */
const SILENT = 'silent';

const severityIs = (value: string) => [{ name: 'severity', value, matchType: '=' as const }];

export function routing(config: Config): AlertmanagerConfigSpec {
  const told = (Object.keys(SEVERITIES) as Severity[]).filter(
    (severity) => config.monitoring.alertmanager.routes[severity].length > 0,
  );
  return {
    route: {
      receiver: SILENT,
      groupBy: ['alertname', 'namespace', 'job'],
      groupWait: '30s',
      groupInterval: '5m',
      ...(told.length > 0
        ? {
            routes: told.map(
              (severity): Route => ({
                receiver: severity,
                matchers: severityIs(severity),
                repeatInterval: SEVERITIES[severity],
              }),
            ),
          }
        : {}),
    },
    receivers: [{ name: SILENT }, ...told.map((severity) => receiver(config, severity))],
    inhibitRules: [
      {
        sourceMatch: severityIs('critical'),
        targetMatch: [{ name: 'severity', value: 'warning|info', matchType: '=~' }],
        equal: ['alertname', 'namespace', 'job'],
      },
      ...INHIBITIONS.map(({ source, targets, equal }) => ({
        sourceMatch: [{ name: 'alertname', value: source, matchType: '=' as const }],
        targetMatch: [{ name: 'alertname', value: targets.join('|'), matchType: '=~' as const }],
        ...(equal.length > 0 ? { equal } : {}),
      })),
    ],
  };
}

function receiver(config: Config, severity: Severity): Receiver {
  const { settings, monitoring, proxy } = config;
  const proxyUrl = proxy.httpsProxy || proxy.httpProxy;
  const { routes, emailTo, emailUser } = monitoring.alertmanager;
  const email = {
    to: emailTo,
    from: settings.smtpFrom,
    smarthost: `${settings.smtpHost}:${settings.smtpPort}`,
    // `tls` means TLS from the first byte, without STARTTLS.
    requireTLS: settings.smtpSecurity === 'starttls',
    ...(sendsWithPassword(config) ? { authUsername: emailUser, authPassword: EMAIL_SECRET } : {}),
    sendResolved: true,
  };
  return {
    name: severity,
    ...(routes[severity].includes('webhook')
      ? {
          webhookConfigs: [
            {
              urlSecret: WEBHOOK_SECRET,
              sendResolved: true,
              ...(proxyUrl ? { httpConfig: { proxyUrl } } : {}),
            },
          ],
        }
      : {}),
    ...(routes[severity].includes('email') ? { emailConfigs: [email] } : {}),
  };
}
