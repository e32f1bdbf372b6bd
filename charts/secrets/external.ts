/** A Secret that the External Secrets operator brings from a store. */
import type { ExternalSecretSpec } from '../../imports/external-secrets.io.ts';
import type { Config } from '../config/schema.ts';
import type { SecretEntry } from '../constructs/secret-entry.ts';

export type SecretStore = NonNullable<Config['secrets']['store']>;

export function externalSecretSpec(entry: SecretEntry, store: SecretStore): ExternalSecretSpec {
  const fixed = entry.keys.flatMap(({ key, value }) => (value.kind === 'fixed' ? [[key, value.text]] : []));
  const remote = entry.keys.filter(({ value }) => value.kind !== 'fixed');
  return {
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
  };
}

export const externalSecret = (entry: SecretEntry, store: SecretStore): object => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: { name: entry.name, namespace: entry.namespace },
  spec: externalSecretSpec(entry, store),
});
