/** Secrets of logging: passwords, keys of Kibana, certificates, credentials of the snapshot store. */
import type { Config } from '../config/schema.ts';
import { namespaceOf } from '../constructs/names.ts';
import type { SecretEntry, SecretValue } from '../constructs/secret-entry.ts';
import {
  CERTIFIED,
  certificateSecret,
  dnsNamesOf,
  KIBANA_KEYS,
  KIBANA_SECRET,
  SNAPSHOT_SECRET,
  USERS,
  USERS_SECRET,
} from './names.ts';

const PASSWORD: SecretValue = { kind: 'generated', bytes: 24 };
const PARTS = { 'ca.crt': 'authority', 'tls.crt': 'certificate', 'tls.key': 'key' } as const;

function certificateEntries(config: Config): SecretEntry[] {
  return CERTIFIED.map(({ name, zone }) => ({
    namespace: namespaceOf(config, zone),
    name: certificateSecret(name),
    type: 'kubernetes.io/tls',
    optional: false,
    rotation: 'replace',
    certificate: { authority: 'logging', dnsNames: dnsNamesOf(config, name, zone) },
    keys: Object.entries(PARTS).map(([key, part]) => ({
      key,
      value: { kind: 'certificate', part } as const,
    })),
  }));
}

/** Empty while logging is off; without certificates when a cert-manager issuer creates them. */
export function loggingSecrets(config: Config): readonly SecretEntry[] {
  const { enabled, issuer, snapshots } = config.logging;
  if (!enabled) return [];
  const opaque = {
    namespace: namespaceOf(config, 'logging'),
    type: 'Opaque',
    optional: false,
    rotation: 'replace',
  } as const;
  const passwords = (keys: readonly string[]) => keys.map((key) => ({ key, value: PASSWORD }));
  const provided = (keys: readonly string[]) =>
    keys.map((key) => ({ key, value: { kind: 'provided' } as const }));
  return [
    {
      ...opaque,
      name: USERS_SECRET,
      rotation: { never: 'Elasticsearch has to be told: docs/logging.md says how to change a password' },
      keys: passwords(Object.values(USERS)),
    },
    {
      ...opaque,
      name: KIBANA_SECRET,
      rotation: { never: 'what Kibana has saved is encrypted with it' },
      keys: passwords(Object.values(KIBANA_KEYS)),
    },
    ...(issuer ? [] : certificateEntries(config)),
    ...(snapshots
      ? [{ ...opaque, name: SNAPSHOT_SECRET, keys: provided(['S3_ACCESS_KEY', 'S3_SECRET_KEY']) }]
      : []),
  ];
}
