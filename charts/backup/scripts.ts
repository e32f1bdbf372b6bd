/** The scripts of backup and restore drill. Both run in the PostgreSQL image; nothing else is needed. */

/**
 * One line a table: schema.table, rows, and a hash of the content that does not depend on the order of rows.
 * `hashtextextended` is PostgreSQL's own 64-bit hash; its sum over all rows changes when any row does.
 */
const FINGERPRINT_SQL = `\\pset tuples_only on
\\pset format unaligned
SELECT format(
  'SELECT %L, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM %I.%I AS t',
  schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
ORDER BY schemaname, tablename
\\gexec
`;

/**
 * Dumps the database and takes its fingerprint in one snapshot, so that a restore can be compared to exactly what was
 * dumped. The files appear under their final names only when they are whole.
 */
const BACKUP = `#!/bin/bash
set -euo pipefail
umask 077
export PGPASSFILE=/tmp/pgpass
printf '%s:%s:%s:%s:%s\\n' "$PGHOST" "$PGPORT" "$PGDATABASE" "$PGUSER" "$(cat /run/secrets/backup/password)" >"$PGPASSFILE"
stamp=$(date -u +%Y%m%dT%H%M%SZ)
target="/backups/$PGDATABASE-$stamp"
partial="$target.partial"
trap 'rm -f "$partial".*' EXIT
rm -f /backups/*.partial.*

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set partial="$partial" <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\setenv PARTIAL :partial
\\! pg_dump --format=custom --compress=6 --snapshot="$SNAPSHOT" --file="$PARTIAL.dump" || rm -f "$PARTIAL.dump"
\\o :partial.tables
\\i /scripts/fingerprint.sql
\\o
COMMIT;
SQL

[ -s "$partial.dump" ] || { echo "backup of $PGDATABASE failed: pg_dump wrote nothing" >&2; exit 1; }
pg_restore --list "$partial.dump" >/dev/null
mv "$partial.tables" "$target.tables"
mv "$partial.dump" "$target.dump"
(cd /backups && sha256sum "$(basename "$target").dump" "$(basename "$target").tables" >"$(basename "$target").sha256")
find /backups -name "$PGDATABASE-*" -mtime "+$RETENTION_DAYS" -delete
echo "backup of $PGDATABASE: $(stat -c %s "$target.dump") bytes, $(wc -l <"$target.tables") tables, $target.dump"
`;

/**
 * Restores the newest backup into a PostgreSQL of its own, started in this pod's scratch space, and compares row
 * counts and content hashes. It touches no other database and needs no network.
 */
const DRILL = `#!/bin/bash
set -euo pipefail
started=$(date +%s)
sums=$(find /backups -name "$PGDATABASE-*.sha256" | sort | tail -n 1)
[ -n "$sums" ] || { echo "restore drill of $PGDATABASE: no backup in /backups" >&2; exit 1; }
base="\${sums%.sha256}"
(cd /backups && sha256sum --check --quiet "$(basename "$sums")")

export PGHOST=/tmp PGUSER=drill
initdb --pgdata=/scratch/data --username=drill --auth=trust --no-sync >/dev/null
pg_ctl --pgdata=/scratch/data --silent --wait --options="-c listen_addresses='' -c unix_socket_directories=/tmp -c fsync=off" --log=/scratch/log start
trap 'pg_ctl --pgdata=/scratch/data --silent --mode=immediate stop' EXIT
createdb --maintenance-db=postgres "$PGDATABASE"
pg_restore --exit-on-error --no-owner --no-privileges --dbname="$PGDATABASE" "$base.dump"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname="$PGDATABASE" --file=/scripts/fingerprint.sql --output=/scratch/tables

if ! diff "$base.tables" /scratch/tables; then
  echo "restore drill of $PGDATABASE: $base.dump does not hold what was backed up" >&2
  exit 1
fi
age=$(( $(date +%s) - $(stat -c %Y "$base.dump") ))
echo "restore drill of $PGDATABASE: $(wc -l <"$base.tables") tables equal, data $age s old, restored in $(( $(date +%s) - started )) s"
`;

export const BACKUP_SCRIPTS: Readonly<Record<string, string>> = {
  'backup.sh': BACKUP,
  'drill.sh': DRILL,
  'fingerprint.sql': FINGERPRINT_SQL,
};
