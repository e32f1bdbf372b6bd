import type { Config } from './schema.ts';
import type { BundleName } from './versions.ts';

const archives = ({ databases }: Config): boolean =>
  databases.engine === 'cloudnative-pg' && databases.walArchive !== undefined;

/** CloudNativePG's archive plugin needs certificates of cert-manager. */
const needsCertManager = (config: Config): boolean =>
  config.edge.tls === 'acme' ||
  (config.logging.enabled && config.logging.issuer !== undefined) ||
  archives(config);

/** The cluster-wide parts the manifests need, in the order they are installed. */
export function prerequisites(config: Config): readonly BundleName[] {
  return [
    ...(config.tier === 'local' || config.autoscaling.enabled ? (['metricsServer'] as const) : []),
    ...(config.monitoring.enabled ? (['prometheusOperator'] as const) : []),
    ...(needsCertManager(config) ? (['certManager'] as const) : []),
    ...(config.databases.engine === 'cloudnative-pg' ? (['cloudNativePg'] as const) : []),
    ...(archives(config) ? (['barmanCloud'] as const) : []),
    ...(config.secrets.source === 'external' ? (['externalSecrets'] as const) : []),
  ];
}
