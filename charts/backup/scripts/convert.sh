#!/bin/bash
# Makes a backup (ID, in the inbox) of the files uploaded to SOURCE: a dump in pg_dump's custom format or as SQL, or a
# data directory. Loads them into a temporary PostgreSQL in this pod, without a network. NAMES are the databases that
# the files may contain.
# shellcheck source=lib.sh
source /scripts/lib.sh
target="/inbox/$ID"
tidy() { rm -f "$target".partial.*; }
at_exit tidy

# one_of FOUND: prints the first of NAMES that is a line of FOUND; fatal when none is.
one_of() {
  local name
  for name in $NAMES; do
    if [[ $'\n'$1$'\n' = *$'\n'"$name"$'\n'* ]]; then
      echo "$name"
      return
    fi
  done
  fatal "no database ${NAMES// / or } in it (found: ${1//$'\n'/ })"
}

load_data() {
  chmod 700 "$SOURCE"
  local all tablespaces
  tablespaces=$(ls -A "$SOURCE/pg_tblspc")
  [ -z "$tablespaces" ] || fatal "its tablespaces lie outside of the data directory"
  rm -f "$SOURCE/standby.signal" "$SOURCE/recovery.signal"
  scratch_server "$SOURCE"
  PGUSER=$(bootstrap_role)
  export PGUSER
  all=$(sql template1 <<<'SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate')
  database=$(one_of "$all")
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
  fatal "no role postgres or ${ROLES// / or } in it"
}

load_custom() {
  local name reason
  pg_restore --list "$SOURCE" >/tmp/all.list 2>/tmp/error || {
    reason=$(tail -n 1 /tmp/error)
    fatal "pg_restore cannot read it: $reason"
  }
  name=$(sed -n 's/^; *dbname: //p' /tmp/all.list)
  one_of "$name" >/dev/null
  scratch_server /scratch/data
  database=$PGDATABASE
  createdb --maintenance-db=postgres "$database"
  pg_restore --exit-on-error --no-owner --no-privileges --dbname="$database" "$SOURCE"
}

load_plain() {
  local role name first=postgres reason
  name=$(sed -n '/^\\connect /{s/^\\connect \(-reuse-previous=on \)\?"\?\([^" ]*\).*/\2/p;q}' "$SOURCE")
  if [ -n "$name" ]; then one_of "$name" >/dev/null; fi
  scratch_server /scratch/data
  database=${name:-$PGDATABASE}
  for role in postgres $ROLES; do
    sql postgres --set role="$role" <<<'CREATE ROLE :"role" SUPERUSER LOGIN'
  done
  # A dump that connects to the database has created it before.
  if [ -z "$name" ]; then
    createdb --maintenance-db=postgres "$database"
    first=$database
  fi
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname="$first" --file="$SOURCE" >/dev/null 2>/tmp/error || {
    reason=$(grep -m 1 ERROR /tmp/error) || reason=$(tail -n 1 /tmp/error)
    fatal "psql refuses it: $reason"
  }
}

"load_$KIND"
echo "reading $database"
fingerprint "$database" "$target.partial.tables"
[ -s "$target.partial.tables" ] || fatal "no table in $database"
pg_dump --format=custom --compress=6 --file="$target.partial.dump" "$database"
newest=$(find /backups -maxdepth 1 -name "$PGDATABASE-*.tables" | sort | tail -n 1)
if [ -n "$newest" ]; then
  cut -d '|' -f 1 "$newest" >/tmp/expected
  cut -d '|' -f 1 "$target.partial.tables" >/tmp/found
  found=$(paste -sd ' ' /tmp/found)
  grep -qFx -f /tmp/expected /tmp/found || fatal "none of its tables ($found) is one of $PGDATABASE"
fi
mv "$target.partial.tables" "$target.tables"
mv "$target.partial.dump" "$target.dump"
(cd /inbox && sha256sum "$ID.dump" "$ID.tables" >"$ID.sha256")
summary=$(summary "$target")
echo "backup of $PGDATABASE: $summary"
