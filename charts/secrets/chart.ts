/** External Secrets objects that bring the platform's Secrets from a store, when one is configured. */
import type { Construct } from 'constructs';
import { ExternalSecret } from '../../imports/external-secrets.io.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/scope.ts';
import { secretCatalog } from './catalog.ts';

export class ExternalSecrets extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    const { store } = props.config.secrets;
    if (!store) return;
    for (const entry of secretCatalog(props.config, props.topology)) {
      const fixed = entry.keys.flatMap(({ key, value }) =>
        value.kind === 'fixed' ? [[key, value.text]] : [],
      );
      const remote = entry.keys.filter(({ value }) => value.kind !== 'fixed');
      new ExternalSecret(this, entry.name, {
        metadata: { name: entry.name, namespace: entry.namespace },
        spec: {
          refreshInterval: '1h',
          secretStoreRef: { name: store.name, kind: store.kind },
          target: {
            name: entry.name,
            creationPolicy: 'Owner',
            template: {
              type: entry.type,
              ...(fixed.length > 0 ? { mergePolicy: 'Merge', data: Object.fromEntries(fixed) } : {}),
            },
          },
          data: remote.map(({ key }) => ({
            secretKey: key,
            remoteRef: { key: `${store.prefix}${entry.name}`, property: key },
          })),
        },
      });
    }
  }
}
