/** Configuration and first-start script of a PostgreSQL StatefulSet. */
import { readFileSync } from 'node:fs';
import { BUFFERS_SHARE, EXPORTER_CONNECTIONS, maxConnections } from '../config/connections.ts';
import { bytesOf } from '../config/quantity.ts';
import type { Config } from '../config/schema.ts';
import { toYaml } from '../constructs/yaml.ts';
import type { Database } from './database.ts';

const MIB = 2 ** 20;

/** postgresql.conf, sized from the memory limit: a quarter shared, half counted as cache. */
export function postgresParameters(config: Config, service: string): Readonly<Record<string, string>> {
  const mebibytes = Math.floor(bytesOf(config.databases.memory.limit) / MIB);
  return {
    max_connections: String(maxConnections(config, service)),
    shared_buffers: `${Math.floor(mebibytes * BUFFERS_SHARE)}MB`,
    effective_cache_size: `${Math.floor(mebibytes / 2)}MB`,
    maintenance_work_mem: '32MB',
    work_mem: '4MB',
    wal_compression: 'on',
    max_wal_size: '512MB',
    checkpoint_completion_target: '0.9',
    random_page_cost: '1.1',
    password_encryption: 'scram-sha-256',
    log_min_duration_statement: '500ms',
    log_lock_waits: 'on',
    idle_in_transaction_session_timeout: '60s',
    shared_preload_libraries: 'pg_stat_statements',
  };
}

export const postgresConf = (config: Config, service: string): string =>
  [
    "listen_addresses = '*'",
    "unix_socket_directories = '/var/run/postgresql'",
    "hba_file = '/etc/postgresql/pg_hba.conf'",
    "ident_file = '/etc/postgresql/pg_ident.conf'",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    ...Object.entries(postgresParameters(config, service)).map(([name, value]) => `${name} = '${value}'`),
    '',
  ].join('\n');

/**
 * Over the network every client needs a password. Only containers of the pod reach the socket, which accepts
 * the system's user: the exporter needs no password, and a person can replace a lost one.
 */
export const PG_HBA = `local all postgres peer
local all exporter peer map=pod
host all all all scram-sha-256
`;
export const PG_IDENT = 'pod postgres exporter\n';
/** Sets the passwords of the roles when their Secrets change. */
export const SECRETS_SCRIPT = readFileSync(new URL('./scripts/postgres-secrets.sh', import.meta.url), 'utf8');

/**
 * An extra query of the exporter: whether a database was created with another collation version than the image has
 * now. Indexes on text are then wrong until they are rebuilt.
 */
export const EXPORTER_QUERIES = toYaml({
  pg_database_collation: {
    query:
      'SELECT datname, (datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid))::int AS mismatch FROM pg_database WHERE datallowconn',
    metrics: [
      { datname: { usage: 'LABEL', description: 'Name of the database' } },
      { mismatch: { usage: 'GAUGE', description: '1 when its collation version is not that of the server' } },
    ],
  },
});

/** Creates a service's role from psql's variables `app_user` and `app_password`. */
export const ROLE_SQL = `CREATE ROLE :"app_user" LOGIN PASSWORD :'app_password';\n`;

/**
 * Creates a service's database from psql's variables `database` and `app_user`. The service's role owns it; only that
 * role may connect, and in our own servers the exporter. On an external one there may be no superuser to create extensions.
 */
export const databaseSql = (external: boolean): string => `CREATE DATABASE :"database" OWNER :"app_user";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
${external ? '' : 'GRANT CONNECT ON DATABASE :"database" TO exporter;\n'}\\connect :"database"
ALTER SCHEMA public OWNER TO :"app_user";
${external ? '' : 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements;\n'}`;

/**
 * Initializes the server's data on an empty volume. The service's role owns its database, and only that role may
 * connect; the exporter may only monitor, from within the pod. The data folder is renamed into place when it is
 * complete, so a start that was killed begins again. psql reads passwords from the mounted files; they appear in no
 * argument or log.
 */
export const initScript = ({ name, user }: Database): string => `#!/bin/bash
set -euo pipefail
data=\${PGDATA:?}
secrets=\${SECRETS_DIR:?}
if [ -s "$data/PG_VERSION" ]; then exit 0; fi
if [ -d "$data" ] && ! rmdir "$data"; then
  echo "$data holds files but no database: nothing was touched" >&2
  exit 1
fi
new=$(dirname "$data")/initializing
rm -rf "$new"
initdb --pgdata="$new" --username=postgres --pwfile="$secrets/superuser-password" \\
  --auth=scram-sha-256 --data-checksums --encoding=UTF8
echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
# Its socket lies in the new folder: what an earlier start left of it is gone.
pg_ctl --pgdata="$new" --wait --timeout=60 start \\
  --options="-c listen_addresses='' -c unix_socket_directories='$new' -c shared_preload_libraries=pg_stat_statements"
PGPASSWORD=$(head -n 1 "$secrets/superuser-password")
export PGPASSWORD
psql --no-psqlrc --set ON_ERROR_STOP=1 --host="$new" --username=postgres --dbname=postgres \\
  --set database='${name}' --set app_user='${user}' <<'SQL'
\\set app_password \`head -n 1 "$SECRETS_DIR/app-password"\`
SET log_min_duration_statement = -1;
SET log_statement = 'none';
${ROLE_SQL}CREATE ROLE exporter LOGIN CONNECTION LIMIT ${EXPORTER_CONNECTIONS};
GRANT pg_monitor TO exporter;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO exporter;
${databaseSql(false)}SQL
pg_ctl --pgdata="$new" --mode=fast --wait stop
sync
mv "$new" "$data"
`;
