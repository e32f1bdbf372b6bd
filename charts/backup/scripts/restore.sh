#!/bin/bash
# Restores BACKUP into a new database, compares it with the backup's fingerprint, and swaps it with the old one by name
# in one transaction. Whenever the script ends, one of the two databases is in place. A second run with the same RUN
# ends in the same state.
# shellcheck source=lib.sh
source /scripts/lib.sh
login "$PGUSER" /run/secrets/restore/password
started=$(date +%s)
fresh="${PGDATABASE}_restoring"
old="${PGDATABASE}_replaced"
names=(--set database="$PGDATABASE" --set fresh="$fresh" --set old="$old" --set app_user="$APP_USER" --set run="restored by $RUN")

drop() {
  sql postgres --set name="$1" <<<'DROP DATABASE IF EXISTS :"name" WITH (FORCE);'
}

# Runs in the background, so that the script hears a signal at once and drops the half-filled database.
child=
background() {
  "$@" &
  child=$!
  wait "$child"
  child=
}
ended() {
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  # shellcheck disable=SC2310 # it is one command: there is nothing after it that could go on
  drop "$fresh" || echo "$fresh stays until the next restore: it could not be dropped" >&2
}
at_exit ended

# The disk holds the old and the new database at once: without room the live database would suffer.
check_room() {
  local needed available size
  needed=$(sql postgres "${names[@]}" <<<"SELECT coalesce(max(pg_database_size(datname)), 0) FROM pg_database WHERE datname = :'database'")
  size=$(stat -c %s "$1.dump")
  needed=$((needed > 4 * size ? needed : 4 * size))
  available=$(sql postgres <<'SQL'
CREATE TEMPORARY TABLE room (bytes text);
COPY room FROM PROGRAM 'df --block-size=1 --output=avail "$PGDATA" | tail -n 1';
SELECT trim(bytes) FROM room;
SQL
  )
  [ "$available" -gt "$needed" ] ||
    fatal "the volume of $PGHOST has $((available / 1000000)) MB free, and the restored database needs about $((needed / 1000000)) MB beside the old one"
}

fill() {
  local base=$1
  echo "creating $fresh"
  sql postgres --set database="$fresh" --set app_user="$APP_USER" --file=/scripts/database.sql
  pg_restore --list "$base.dump" >/tmp/all.list
  # The role that restores owns the extensions, the service's role everything else. pg_stat_statements is the server's own matter.
  sed -n '/ EXTENSION - pg_stat_statements /d; / EXTENSION - /p' /tmp/all.list >/tmp/extensions.list
  sed '/ EXTENSION /d' /tmp/all.list >/tmp/rest.list
  echo "restoring ${base##*/} into $fresh"
  background pg_restore --exit-on-error --no-owner --no-privileges --use-list=/tmp/extensions.list --dbname="$fresh" "$base.dump"
  background pg_restore --exit-on-error --no-owner --no-privileges --role="$APP_USER" --use-list=/tmp/rest.list --dbname="$fresh" "$base.dump"
  echo "comparing $fresh to what was backed up"
  fingerprint "$fresh" /tmp/tables
  compare "$base.tables" /tmp/tables | tee /tmp/compared
  assert_equal /tmp/compared "$base.dump does not hold what was backed up; $PGDATABASE was not touched"
  sql "$fresh" <<<'ANALYZE;'
}

# PostgreSQL renames a database only while no session is connected; both renames happen or none.
swap() {
  echo "swapping $fresh and $PGDATABASE"
  sql postgres "${names[@]}" >/dev/null <<'SQL'
COMMENT ON DATABASE :"fresh" IS :'run';
SELECT count(*) > 0 AS replaces FROM pg_database WHERE datname = :'database' \gset
-- Renaming ends these workers by itself; only a superuser may.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (:'database', :'fresh') AND backend_type <> 'autovacuum worker';
BEGIN;
\if :replaces
ALTER DATABASE :"database" RENAME TO :"old";
\endif
ALTER DATABASE :"fresh" RENAME TO :"database";
COMMIT;
SQL
}

done_by=$(sql postgres "${names[@]}" <<<"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'database'")
base=$(find_backup "$BACKUP")
if [ "$done_by" = "restored by $RUN" ]; then
  echo "already in place, restored before the interruption"
  fingerprint "$PGDATABASE" /tmp/tables
  # The service may have run and written since then.
  compare "$base.tables" /tmp/tables | tee /tmp/compared
else
  check_backup "$base"
  drop "$fresh"
  drop "$old"
  if [ -n "${EXTERNAL:-}" ]; then
    echo "how much room $PGHOST has is for its owner to say: the restored database needs it beside the old one"
  else
    check_room "$base"
  fi
  fill "$base"
  swap
fi
drop "$old"
tables=$(awk '$NF == "equal" { n++ } END { print n + 0 }' /tmp/compared)
age=$(age_of "$base")
ended=$(date +%s)
echo "restore of $PGDATABASE: $tables tables equal, data $age s old, restored in $((ended - started)) s, ${base##*/}"
