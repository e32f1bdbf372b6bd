/** Every Secret the manifests refer to: what it holds and where each value comes from. Values are never rendered. */
import type { Config } from '../config/schema.ts';
import { signsWithOwnKey } from '../config/tokens.ts';
import { namespaceOf } from '../constructs/names.ts';
import type { Rotation, SecretEntry, SecretValue } from '../constructs/secret-entry.ts';
import { JWT_SECRET, JWT_SIGNING_SECRET, REDIS_SECRET } from '../constructs/secret-names.ts';
import {
  appSecret,
  databaseOf,
  exporterOf,
  exporterSecret,
  superuserOf,
  superuserSecret,
} from '../data/database.ts';
import type { SecretSpec, ServiceSpec, Topology } from '../graph/model.ts';
import { loggingSecrets } from '../logging/secrets.ts';
import { GRAFANA_SECRET, providedSecrets } from '../monitoring/secrets.ts';

const PASSWORD: SecretValue = { kind: 'generated', bytes: 24 };
/** HS256 needs a key at least as long as its hash (RFC 7518, 3.2); this is twice that. */
const JWT_KEY: SecretValue = { kind: 'generated', bytes: 64 };
const ELSEWHERE: Rotation = {
  never: 'the server is not ours: docs/external-stores.md says how to change a password there and here',
};

function databaseSecrets(config: Config, namespace: string, spec: ServiceSpec): SecretEntry[] {
  if (!spec.database) return [];
  const { engine } = config.databases;
  const external = engine === 'external';
  const login = (name: string, user: string, rotation: Rotation): SecretEntry => ({
    namespace,
    name,
    type: 'kubernetes.io/basic-auth',
    optional: false,
    rotation: external ? ELSEWHERE : rotation,
    keys: [
      { key: 'username', value: { kind: 'fixed', text: user } },
      { key: 'password', value: PASSWORD },
    ],
  });
  return [
    // CloudNativePG takes the whole value for the password.
    login(
      appSecret(spec.name),
      databaseOf(config, spec).user,
      engine === 'statefulset' ? 'overlap' : 'replace',
    ),
    // On an external server only a restore needs it.
    ...(external && !config.backups.enabled
      ? []
      : [login(superuserSecret(spec.name), superuserOf(config, spec), 'replace')]),
    ...(external ? [login(exporterSecret(spec.name), exporterOf(config, spec), 'replace')] : []),
  ];
}

function tokenSecret(config: Config): Pick<SecretEntry, 'name' | 'keys'> {
  if (!signsWithOwnKey(config))
    return { name: JWT_SECRET, keys: [{ key: 'JWT_SECRET_KEY', value: JWT_KEY }] };
  const value = { kind: 'private-key', algorithm: config.settings.jwtAlgorithm } as const;
  return { name: JWT_SIGNING_SECRET, keys: [{ key: 'JWT_PRIVATE_KEY', value }] };
}

/** Its owner states the password of an external Redis. */
const redisSecret = ({ redis }: Config): Pick<SecretEntry, 'rotation' | 'keys'> =>
  redis.engine === 'external'
    ? { rotation: ELSEWHERE, keys: [{ key: 'password', value: { kind: 'provided' } }] }
    : { rotation: 'overlap', keys: [{ key: 'password', value: PASSWORD }] };

const grafanaSecret = (config: Config): readonly SecretEntry[] =>
  config.monitoring.enabled && config.monitoring.grafana.enabled
    ? [
        {
          namespace: namespaceOf(config, 'monitoring'),
          name: GRAFANA_SECRET.name,
          type: 'Opaque',
          optional: false,
          rotation: 'replace',
          keys: GRAFANA_SECRET.keys.map((key) => ({ key, value: PASSWORD })),
        },
      ]
    : [];

/** All Secrets, each once, in a stable order. */
export function secretCatalog(config: Config, topology: Topology): readonly SecretEntry[] {
  const namespace = namespaceOf(config, 'app');
  const opaque = { namespace, type: 'Opaque', optional: false, rotation: 'replace' } as const;
  const provided = new Map<string, SecretSpec>();
  for (const secret of topology.services.flatMap((spec) => spec.secrets ?? []))
    provided.set(secret.name, secret);
  return [
    { ...opaque, ...tokenSecret(config), rotation: 'overlap' },
    { ...opaque, name: REDIS_SECRET, ...redisSecret(config) },
    ...topology.services.flatMap((spec) => databaseSecrets(config, namespace, spec)),
    ...[...provided.values()].map((secret) => ({
      ...opaque,
      name: secret.name,
      optional: secret.optional ?? false,
      rotation: secret.signsForGood ? ('kept' as const) : ('replace' as const),
      keys: secret.keys.map((key) => ({
        key,
        value: secret.generated ? PASSWORD : ({ kind: 'provided' } as const),
      })),
    })),
    ...grafanaSecret(config),
    ...providedSecrets(config).map(({ name, keys }) => ({
      ...opaque,
      namespace: namespaceOf(config, 'monitoring'),
      name,
      keys: keys.map((key) => ({ key, value: { kind: 'provided' } as const })),
    })),
    ...loggingSecrets(config),
  ];
}
