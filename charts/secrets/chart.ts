/** External Secrets objects that bring the platform's Secrets from a store, when one is configured. */
import type { Construct } from 'constructs';
import { ExternalSecret } from '../../imports/external-secrets.io.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { secretCatalog } from './catalog.ts';
import { externalSecretSpec } from './external.ts';

export class ExternalSecrets extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    const { store } = props.config.secrets;
    if (!store) return;
    for (const entry of secretCatalog(props.config, props.topology))
      new ExternalSecret(this, entry.name, {
        metadata: { name: entry.name, namespace: entry.namespace },
        spec: externalSecretSpec(entry, store),
      });
  }
}
