/** Stores on servers that others run: what has no pod there, what must be there, and the SQL that their owner runs once. */
import { EXPORTER_CONNECTIONS } from '../../charts/config/connections.ts';
import { addressOf, type External, redisServerOf, serverOf } from '../../charts/config/external.ts';
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import {
  appSecret,
  databaseOf,
  exporterOf,
  exporterSecret,
  superuserOf,
  superuserSecret,
} from '../../charts/data/database.ts';
import { databaseSql, ROLE_SQL } from '../../charts/data/postgres-config.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import type { Check } from './checks.ts';
import { Failure } from './failure.ts';

/** @throws Failure when Redis is somebody else's server: the verb works in its pod. */
export function needOwnRedis(verb: string, config: Config): void {
  const server = redisServerOf(config);
  if (server)
    throw new Failure(
      `${verb}: redis.engine is external, so ${addressOf(server)} has no pod here`,
      `use redis-cli${server.sslMode === 'disable' ? '' : ' --tls'} -h ${server.host} -p ${server.port}, or what its owner offers`,
    );
}

/** @throws Failure when the database is on somebody else's server: the verb works in its pod. */
export function needOwnDatabase(verb: string, config: Config, spec: ServiceSpec): void {
  const server = serverOf(config, spec.name);
  if (!server) return;
  const { name, user } = databaseOf(config, spec);
  throw new Failure(
    `${verb}: databases.engine is external, so ${addressOf(server)} has no pod here`,
    `use psql 'host=${server.host} port=${server.port} dbname=${name} user=${user} sslmode=${server.sslMode}'`,
  );
}

export interface Authority {
  readonly kind: 'configmap' | 'secret';
  readonly name: string;
  readonly key: string;
}

/** The services whose database is on an external server. */
const externalDatabases = (config: Config, services: readonly ServiceSpec[]) =>
  services.flatMap((spec) => {
    const server = spec.database && serverOf(config, spec.name);
    return server ? [{ spec, server }] : [];
  });

/** Every external server, once for each store on it. */
function serversOf(config: Config, services: readonly ServiceSpec[]) {
  const databases = externalDatabases(config, services);
  const redis = redisServerOf(config);
  return [
    ...databases.map(({ spec, server }) => ({ of: spec.name, server })),
    ...(redis ? [{ of: 'Redis', server: redis }] : []),
  ];
}

const authorityOf = ({ ca }: External): Authority | undefined =>
  ca && {
    kind: ca.configMap ? 'configmap' : 'secret',
    name: ca.configMap ?? ca.secret ?? '',
    key: ca.key,
  };

/** The ConfigMaps and Secrets with authorities that pods wait for, each once. */
export function authorities(config: Config, services: readonly ServiceSpec[]): readonly Authority[] {
  const all = serversOf(config, services).flatMap(({ server }) => authorityOf(server) ?? []);
  return [...new Map(all.map((one) => [`${one.kind}/${one.name}/${one.key}`, one])).values()];
}

/** Where the stores are. Only the pods can reach them: the rollout shows whether they do. */
export function checkExternalStores(
  config: Config,
  services: readonly ServiceSpec[],
  missing: readonly Authority[],
): readonly Check[] {
  const servers = serversOf(config, services);
  if (servers.length === 0) return [];
  const name = 'External stores';
  if (missing.length > 0) {
    const namespace = namespaceOf(config, 'app');
    const problems = missing.map(
      (one) =>
        `${one.kind} ${namespace}/${one.name} with ${one.key} is missing: the authority of an external server`,
    );
    return [{ name, result: 'problem', detail: problems.join('; ') }];
  }
  const places = [...new Set(servers.map(({ server }) => addressOf(server)))].map((address) => {
    const of = servers.filter(({ server }) => addressOf(server) === address).map((one) => one.of);
    return `${address} (${of.join(', ')})`;
  });
  return [
    { name, result: 'unverified', detail: `${places.join(', ')}: the rollout shows whether they answer` },
  ];
}

/** psql runs text between backquotes on its own machine, so the SQL holds no password. */
function passwordFrom(namespace: string, secret: string): string {
  const path = "--output='jsonpath={.data.password}'";
  return `\`kubectl get secret ${secret} --namespace=${namespace} ${path} | base64 --decode | head -n 1\``;
}

/** psql quotes with single quotes, and doubles those within. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** What a superuser does for a quiet log; others may not, and a log that holds statements holds these. */
const QUIET = `SELECT rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user \\gset
\\if :is_superuser
SET log_statement = 'none';
SET log_min_duration_statement = -1;
\\endif
`;

function sqlOf(config: Config, spec: ServiceSpec, server: External): string {
  const namespace = namespaceOf(config, 'app');
  const { name, user } = databaseOf(config, spec);
  const restores = config.backups.enabled;
  const variables = [
    ['database', quoted(name)],
    ['app_user', quoted(user)],
    ['app_password', passwordFrom(namespace, appSecret(spec.name))],
    ['exporter', quoted(exporterOf(config, spec))],
    ['exporter_password', passwordFrom(namespace, exporterSecret(spec.name))],
    ...(restores
      ? [
          ['admin', quoted(superuserOf(config, spec))],
          ['admin_password', passwordFrom(namespace, superuserSecret(spec.name))],
        ]
      : []),
  ];
  // Without its Secret, psql would make a role that has no password.
  const passwords = variables.flatMap(([variable = '']) =>
    variable.endsWith('_password') ? [`:'${variable}'`] : [],
  );
  const needed = `SELECT '' IN (${passwords.join(', ')}) AS lacks_password \\gset
\\if :lacks_password
SELECT 'a password is not in the cluster, see docs/external-stores.md' :: integer;
\\endif
`;
  const admin = `-- Restores: makes a new database beside the old one, as the service's role, and swaps them.
CREATE ROLE :"admin" LOGIN CREATEDB PASSWORD :'admin_password';
GRANT :"app_user" TO :"admin";
`;
  return `-- ${spec.name}, on ${addressOf(server)}
\\connect postgres
${QUIET}${variables.map(([variable, value]) => `\\set ${variable} ${value}\n`).join('')}${needed}${ROLE_SQL}-- Reads the server's figures for the alerts.
CREATE ROLE :"exporter" LOGIN CONNECTION LIMIT ${EXPORTER_CONNECTIONS} PASSWORD :'exporter_password';
GRANT pg_monitor TO :"exporter";
${restores ? admin : ''}-- A role that is no superuser must be a member to create a database for another role.
GRANT :"app_user" TO CURRENT_USER;
${databaseSql(true)}`;
}

/**
 * The SQL that makes roles and databases on external servers, for psql as somebody who may create both. Databases of
 * several servers are made by one run each: psql stays on the server it was started for.
 *
 * @param service only this one's. @default all
 * @throws Failure when no database is external, or the named one is not.
 */
export function setupSql(config: Config, services: readonly ServiceSpec[], service?: string): string {
  const all = externalDatabases(config, services);
  if (all.length === 0)
    throw new Failure(
      `--database-sql: databases.engine is ${config.databases.engine}, whose databases the platform makes`,
      'it is for the engine external',
    );
  const due = service === undefined ? all : all.filter(({ spec }) => spec.name === service);
  if (due.length === 0)
    throw new Failure(
      `--database-sql: "${service}" has no database`,
      `expected ${all.map(({ spec }) => spec.name).join(', ')}`,
    );
  const servers = new Set(due.map(({ server }) => addressOf(server)));
  if (servers.size > 1)
    throw new Failure(
      `--database-sql: the databases are on ${[...servers].join(' and ')}`,
      `name one service at a time: --database-sql ${due[0]?.spec.name}`,
    );
  const head = `-- For psql, as a role that may create roles and databases. Passwords come from the cluster by kubectl.
\\set ON_ERROR_STOP on
`;
  return [head, ...due.map(({ spec, server }) => sqlOf(config, spec, server))].join('\n');
}
