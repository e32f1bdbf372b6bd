/** The script of the database test. It runs in the PostgreSQL image, as the service's own user. */

/**
 * Connects, writes and reads rows in one transaction and rolls it back; then prints its findings as one line of JSON,
 * which `./platform database-test` judges.
 */
const TEST = `#!/bin/bash
set -euo pipefail
umask 077
export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
password=$(head -n 1 /run/secrets/database/password)
printf '%s:%s:%s:%s:%s\\n' "$PGHOST" "$PGPORT" "$PGDATABASE" "$PGUSER" "$password" >"$PGPASSFILE"
psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --set rows="$ROWS" --file=/scripts/test.sql
`;

const SQL = `SET statement_timeout = '60s';
SET lock_timeout = '5s';
SELECT extract(epoch FROM clock_timestamp()) AS begun \\gset
BEGIN;
CREATE TABLE database_test_probe (id integer PRIMARY KEY, note text NOT NULL);
INSERT INTO database_test_probe SELECT n, 'Проверка ' || n FROM generate_series(1, :rows) AS n;
SELECT count(*) AS read FROM database_test_probe WHERE note = 'Проверка ' || id \\gset
ROLLBACK;
SELECT json_build_object(
  'database', current_database(),
  'server', current_setting('server_version'),
  'revisions', (SELECT json_agg(version_num ORDER BY version_num) FROM alembic_version),
  'read', :read,
  'left', to_regclass('database_test_probe') IS NOT NULL,
  'milliseconds', round((extract(epoch FROM clock_timestamp()) - :begun) * 1000),
  'connections', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'settings', (SELECT json_object_agg(name, setting ORDER BY name) FROM pg_settings WHERE name IN (
    'default_transaction_read_only', 'fsync', 'full_page_writes', 'max_connections', 'password_encryption',
    'server_encoding', 'synchronous_commit')));
`;

export const DATABASE_SCRIPTS: Readonly<Record<string, string>> = { 'test.sh': TEST, 'test.sql': SQL };
