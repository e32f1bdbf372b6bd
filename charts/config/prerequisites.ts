import type { Config } from './schema.ts';
import type { BundleName } from './versions.ts';

/** The cluster-wide parts the manifests need, in the order they are installed. */
export function prerequisites(config: Config): readonly BundleName[] {
  return [
    ...(config.tier === 'local' || config.autoscaling.enabled ? (['metricsServer'] as const) : []),
    ...(config.monitoring.enabled ? (['prometheusOperator'] as const) : []),
    ...(config.edge.tls === 'acme' || (config.logging.enabled && config.logging.issuer)
      ? (['certManager'] as const)
      : []),
  ];
}
