#!/bin/bash
# Restores BACKUP into a new database beside the old one, compares it to what was backed up, and swaps the two by name in
# one transaction. Ended at any point, it leaves either the old database in place or the new one, and run again with the
# same RUN it ends in the same state.
source /scripts/lib.sh
login postgres /run/secrets/restore/password
started=$(date +%s)
fresh="${PGDATABASE}_restoring"
old="${PGDATABASE}_replaced"
names=(--set database="$PGDATABASE" --set fresh="$fresh" --set old="$old" --set app_user="$APP_USER" --set run="restored by $RUN")

drop() {
  sql postgres --set name="$1" <<<'DROP DATABASE IF EXISTS :"name" WITH (FORCE);'
}

# In the background, so that a signal is heard at once: the half-filled database goes.
child=
background() {
  "$@" &
  child=$!
  wait "$child"
  child=
}
ended() {
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  drop "$fresh" || true
}
at_exit ended

# Its own disk holds old and new at once: without room the live database would be the one to suffer.
check_room() {
  local needed available
  needed=$(sql postgres "${names[@]}" <<<"SELECT coalesce(max(pg_database_size(datname)), 0) FROM pg_database WHERE datname = :'database'")
  needed=$((needed > 4 * $(stat -c %s "$1.dump") ? needed : 4 * $(stat -c %s "$1.dump")))
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
  # Extensions belong to the superuser, all else to the service's role.
  grep ' EXTENSION - ' /tmp/all.list >/tmp/extensions.list || true
  grep -v ' EXTENSION ' /tmp/all.list >/tmp/rest.list
  echo "restoring $(basename "$base") into $fresh"
  background pg_restore --exit-on-error --no-owner --no-privileges --use-list=/tmp/extensions.list --dbname="$fresh" "$base.dump"
  background pg_restore --exit-on-error --no-owner --no-privileges --role="$APP_USER" --use-list=/tmp/rest.list --dbname="$fresh" "$base.dump"
  echo "comparing $fresh to what was backed up"
  fingerprint "$fresh" /tmp/tables
  compare "$base.tables" /tmp/tables | tee /tmp/compared || fatal "$base.dump does not hold what was backed up; $PGDATABASE was not touched"
  sql "$fresh" <<<'ANALYZE;'
}

# Renaming wants nobody connected, and both renames happen or none.
swap() {
  echo "swapping $fresh and $PGDATABASE"
  sql postgres "${names[@]}" >/dev/null <<'SQL'
COMMENT ON DATABASE :"fresh" IS :'run';
SELECT count(*) > 0 AS replaces FROM pg_database WHERE datname = :'database' \gset
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (:'database', :'fresh');
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
  # The service may have run and written since.
  compare "$base.tables" /tmp/tables | tee /tmp/compared || true
else
  check_backup "$base"
  drop "$fresh"
  drop "$old"
  check_room "$base"
  fill "$base"
  swap
fi
drop "$old"
echo "restore of $PGDATABASE: $(grep -c ' equal$' /tmp/compared) tables equal, data $(age_of "$base") s old, restored in $(($(date +%s) - started)) s, $(basename "$base")"
