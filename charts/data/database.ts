/** Facts about the stores that several charts need: names, addresses, authorities. */
import { type External, redisServerOf, serverOf } from '../config/external.ts';
import type { Config } from '../config/schema.ts';
import { SECRETS_DIR, type SecretFile } from '../constructs/pod.ts';
import { type Outside, PORTS, postgresOf, REDIS, type ServiceSpec } from '../graph/model.ts';

export interface Database {
  readonly name: string;
  readonly user: string;
}
type Owner = Pick<ServiceSpec, 'name' | 'database'>;
type Variables = Readonly<Record<string, string>>;

/**
 * The database and user of a service in an environment: `environmentInName` makes `ai_assistant_x_db` of `ai_assistant_db`.
 * On an external server they may have names of their own.
 */
export function databaseOf(config: Config, { name: service, database }: Owner): Database {
  const { environmentInName: part } = config.databases;
  const { name, user } = database ?? { name: '', user: '' };
  const own = config.services[service]?.database;
  return {
    name: own?.name ?? (part === '' ? name : name.replace(/_db$/, `_${part}_db`)),
    user: own?.user ?? (part === '' ? user : `${user.replace(/_user$/, '')}_${part}`),
  };
}

/** Where a service's PostgreSQL answers: the primary, with any engine. */
function postgresAt(config: Config, service: string): { readonly host: string; readonly port: number } {
  const name = postgresOf(service);
  const host = config.databases.engine === 'cloudnative-pg' ? `${name}-rw` : name;
  return serverOf(config, service) ?? { host, port: PORTS.postgres };
}

/** The authority of an external server as a file, among the Secrets of its clients. */
function authorityOf(server: External | undefined, path: string): readonly SecretFile[] {
  const { configMap, secret = '', key = '' } = server?.ca ?? {};
  return server?.ca ? [{ secret: configMap ?? secret, configMap: configMap !== undefined, key, path }] : [];
}
export const postgresCa = (config: Config, service: string): readonly SecretFile[] =>
  authorityOf(serverOf(config, service), 'postgres-ca.crt');
export const redisCa = (config: Config): readonly SecretFile[] =>
  authorityOf(redisServerOf(config), 'redis-ca.crt');

/** How a service finds its stores. Some are empty where the platform runs them. */
export function storeVariables(config: Config, spec: ServiceSpec): Variables {
  const [postgres, redis] = [postgresAt(config, spec.name), redisServerOf(config)];
  const path = (files: readonly SecretFile[]): string =>
    files.map((file) => `${SECRETS_DIR}/${file.path}`).join();
  const { name, user } = databaseOf(config, spec);
  return {
    REDIS_HOST: redis?.host ?? REDIS,
    REDIS_PORT: String(redis?.port ?? PORTS.redis),
    REDIS_TLS: redis?.sslMode === 'verify-full' ? 'true' : '',
    REDIS_CA_FILE: path(redisCa(config)),
    ...(spec.database
      ? {
          POSTGRES_HOST: postgres.host,
          POSTGRES_PORT: String(postgres.port),
          POSTGRES_SSLMODE: serverOf(config, spec.name)?.sslMode ?? '',
          POSTGRES_CA_FILE: path(postgresCa(config, spec.name)),
          POSTGRES_DB: name,
          POSTGRES_USER: user,
        }
      : {}),
  };
}

/** How programs of libpq find a service's database. @param folder where `postgresCa` is mounted. */
export function libpqVariables(config: Config, spec: ServiceSpec, folder: string): Variables {
  const { host, port } = postgresAt(config, spec.name);
  const server = serverOf(config, spec.name);
  const authorities = postgresCa(config, spec.name).map(({ path }) => ['PGSSLROOTCERT', `${folder}/${path}`]);
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: databaseOf(config, spec).name,
    ...(server ? { PGSSLMODE: server.sslMode } : {}),
    ...Object.fromEntries(authorities),
  };
}

/** Servers that others run, by the names of the stores they stand for. */
export function outsideStores(config: Config, services: readonly ServiceSpec[]): Record<string, Outside> {
  const stores = services.map(
    ({ name, database }) => [postgresOf(name), database && serverOf(config, name)] as const,
  );
  return Object.fromEntries(
    [...stores, [REDIS, redisServerOf(config)] as const].flatMap(([name, server]) =>
      server ? [[name, server]] : [],
    ),
  );
}

/** Folder in a server's pod with its roles' passwords: `app-password` and `superuser-password`. */
export const POSTGRES_SECRETS = '/run/secrets/postgres';

export const appSecret = (service: string): string => `${postgresOf(service)}-app`;
export const superuserSecret = (service: string): string => `${postgresOf(service)}-superuser`;
export const exporterSecret = (service: string): string => `${postgresOf(service)}-exporter`;

/** Who creates databases and restores them: on an external server a role of this database's own, no superuser. */
export const superuserOf = (config: Config, spec: Owner): string =>
  serverOf(config, spec.name) ? `${databaseOf(config, spec).user}_admin` : 'postgres';
/** Who reads the metrics of an external server. */
export const exporterOf = (config: Config, spec: Owner): string =>
  `${databaseOf(config, spec).user}_exporter`;
