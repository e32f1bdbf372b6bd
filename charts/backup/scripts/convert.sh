#!/bin/bash
# Makes a backup (ID, in the inbox) of what was uploaded to SOURCE: a dump in pg_dump's custom format or as SQL, or a data
# directory. It happens in a PostgreSQL of this pod's own, without a network. NAMES are the databases that may be in it.
source /scripts/lib.sh
target="/inbox/$ID"
at_exit 'rm -f "$target".partial.*'
one_of() { tr ' ' '\n' <<<"$NAMES" | grep -Fx -f <(echo "$1") | head -n 1; }
wrong() { fatal "no database $(sed 's/ / or /g' <<<"$NAMES") in it (found: $(paste -sd ' ' <<<"$1"))"; }

load_data() {
  chmod 700 "$SOURCE"
  [ -z "$(ls -A "$SOURCE/pg_tblspc")" ] || fatal "its tablespaces lie outside of the data directory"
  rm -f "$SOURCE/standby.signal" "$SOURCE/recovery.signal"
  scratch_server "$SOURCE"
  PGUSER=$(bootstrap_role)
  export PGUSER
  local all
  all=$(sql template1 <<<'SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate')
  database=$(one_of "$all")
  [ -n "$database" ] || wrong "$all"
}

# The first role of the old server had any name; the log of a refused login would not tell it either.
bootstrap_role() {
  local role
  for role in postgres $ROLES; do
    if psql --no-psqlrc --quiet --username="$role" --dbname=template1 --command='SELECT 1' >/dev/null 2>&1; then
      echo "$role"
      return
    fi
  done
  fatal "no role postgres or $(sed 's/ / or /g' <<<"$ROLES") in it"
}

load_custom() {
  local name
  pg_restore --list "$SOURCE" >/tmp/all.list 2>/tmp/error || fatal "pg_restore cannot read it: $(tail -n 1 /tmp/error)"
  name=$(sed -n 's/^; *dbname: //p' /tmp/all.list)
  [ -n "$(one_of "$name")" ] || wrong "$name"
  scratch_server /scratch/data
  database=$PGDATABASE
  createdb --maintenance-db=postgres "$database"
  pg_restore --exit-on-error --no-owner --no-privileges --dbname="$database" "$SOURCE"
}

load_plain() {
  local role name
  name=$(sed -n 's/^\\connect \(-reuse-previous=on \)\?"\?\([^" ]*\).*/\2/p' "$SOURCE" | head -n 1)
  [ -z "$name" ] || [ -n "$(one_of "$name")" ] || wrong "$name"
  scratch_server /scratch/data
  database=${name:-$PGDATABASE}
  for role in postgres $ROLES; do
    sql postgres --set role="$role" <<<'CREATE ROLE :"role" SUPERUSER LOGIN'
  done
  # One that connects has created its database before.
  [ -n "$name" ] || createdb --maintenance-db=postgres "$database"
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname="$([ -n "$name" ] && echo postgres || echo "$database")" --file="$SOURCE" >/dev/null 2>/tmp/error ||
    fatal "psql refuses it: $(grep -m 1 ERROR /tmp/error)"
}

"load_$KIND"
echo "reading $database"
fingerprint "$database" "$target.partial.tables"
[ -s "$target.partial.tables" ] || fatal "no table in $database"
pg_dump --format=custom --compress=6 --file="$target.partial.dump" "$database"
newest=$(find /backups -maxdepth 1 -name "$PGDATABASE-*.tables" | sort | tail -n 1)
if [ -n "$newest" ] && ! grep -qFx -f <(cut -d '|' -f 1 "$newest") <(cut -d '|' -f 1 "$target.partial.tables"); then
  fatal "none of its tables ($(cut -d '|' -f 1 "$target.partial.tables" | paste -sd ' ')) is one of $PGDATABASE"
fi
mv "$target.partial.tables" "$target.tables"
mv "$target.partial.dump" "$target.dump"
(cd /inbox && sha256sum "$ID.dump" "$ID.tables" >"$ID.sha256")
echo "backup of $PGDATABASE: $(stat -c %s "$target.dump") bytes, $(wc -l <"$target.tables") tables, $target.dump"
