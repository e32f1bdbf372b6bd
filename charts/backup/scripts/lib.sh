# The other scripts source this file in the PostgreSQL image; they need nothing else.
# shellcheck shell=bash
# A function in `$(…)` ends at its first failure too.
set -euo pipefail
shopt -s inherit_errexit
umask 077
# A table's fingerprint contains times as text, so every server must use the same zone.
export PGTZ=UTC PGCONNECT_TIMEOUT=10
# A server's time limits are for requests. A dump may take longer, and the session that holds its snapshot is idle in a
# transaction meanwhile. The Job's activeDeadlineSeconds limits both.
export PGOPTIONS='-c client_min_messages=warning -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0'

# at_exit COMMAND: runs COMMAND at every exit of the script; the last one given runs first.
cleanups=''
at_exit() {
  cleanups="$1; $cleanups"
}
trap 'eval "$cleanups"' EXIT
trap 'exit 143' TERM INT

# Prints the line that the operator sees.
fatal() {
  echo "fatal: $*" >&2
  exit 1
}

# login USER FILE: waits for the server; what follows connects as USER with the password in FILE, to any database.
login() {
  local try password reason
  for try in {1..30}; do
    pg_isready --quiet && break
    if [ "$try" = 30 ]; then
      reason=$(psql --no-psqlrc --no-password --command='' 2>&1) || true
      fatal "$PGHOST:$PGPORT does not answer (${reason##*: })"
    fi
    sleep 1
  done
  # During a rotation the file has a further line for the next password.
  password=$(head -n 1 "$2")
  export PGUSER=$1 PGPASSFILE=/tmp/pgpass
  printf '%s:%s:*:%s:%s\n' "$PGHOST" "$PGPORT" "$PGUSER" "$password" >"$PGPASSFILE"
}

# sql DATABASE [psql arguments]: runs standard input; ends at the first error.
sql() {
  local database=$1
  shift
  psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname="$database" "$@"
}

# find_backup ID: prints the path of a backup's files without their ending; without ID, of the newest backup.
find_backup() {
  local sums
  sums=$(find /backups -name "${1:-$PGDATABASE-*}.sha256" -printf '%f %p\n' | sort | tail -n 1)
  [ -n "$sums" ] || fatal "no backup ${1:-of $PGDATABASE} in the volume"
  sums=${sums#* }
  echo "${sums%.sha256}"
}

# age_of BASE: prints the seconds since the time at the end of a backup's name.
age_of() {
  local stamp=${1##*-} taken now
  taken=$(date -d "${stamp:0:8} ${stamp:9:2}:${stamp:11:2}:${stamp:13:2} UTC" +%s)
  now=$(date +%s)
  echo $((now - taken))
}

# check_backup BASE: fatal unless every file matches its checksum.
check_backup() {
  local folder said damaged
  folder=$(dirname "$1")
  if said=$(cd "$folder" && LC_ALL=C sha256sum --check --quiet "${1##*/}.sha256" 2>&1); then return; fi
  damaged=$(sed -n 's/: FAILED.*//p' <<<"$said" | paste -sd ' ')
  [ -n "$damaged" ] || fatal "${1##*/} cannot be checked: $said"
  fatal "damaged: $damaged (the SHA-256 sum is not the one recorded)"
}

# fingerprint DATABASE FILE: writes rows and content hash of every table.
fingerprint() {
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname="$1" --file=/scripts/fingerprint.sql --output="$2"
}

# compare EXPECTED ACTUAL: prints a line for each table, which ends with equal, differs, missing or unexpected.
compare() {
  awk -F'|' '
    NR == FNR { rows[$1] = $2; hash[$1] = $3; next }
    {
      verdict = !($1 in rows) ? "unexpected" : rows[$1] == $2 && hash[$1] == $3 ? "equal" : "differs"
      print "table " $1 " " (($1 in rows) ? rows[$1] : 0) " " $2 " " verdict
      delete rows[$1]
    }
    END { for (name in rows) print "table " name " " rows[name] " 0 missing" }' "$1" "$2"
}

# assert_equal COMPARED MESSAGE: fatal unless all lines of `compare` end with equal.
assert_equal() {
  awk '$NF != "equal" { bad = 1 } END { exit bad }' "$1" || fatal "$2"
}

# summary BASE: prints bytes and tables of a backup, for the last line.
summary() {
  local bytes tables
  bytes=$(stat -c %s "$1.dump")
  tables=$(wc -l <"$1.tables")
  echo "$bytes bytes, $tables tables, $1.dump"
}

# scratch_server DATA: starts a temporary PostgreSQL on that directory; only its socket reaches it.
scratch_server() {
  local reason
  export PGHOST=/tmp
  unset PGPASSFILE
  echo 'local all all trust' >/tmp/hba.conf
  : >/tmp/ident.conf
  cat >/tmp/scratch.conf <<CONF
data_directory = '$1'
hba_file = '/tmp/hba.conf'
ident_file = '/tmp/ident.conf'
listen_addresses = ''
unix_socket_directories = '/tmp'
fsync = off
timezone = 'UTC'
CONF
  if [ ! -s "$1/PG_VERSION" ]; then
    initdb --pgdata="$1" --username=scratch --auth=trust --encoding=UTF8 --no-sync >/dev/null
    export PGUSER=scratch
  fi
  at_exit "pg_ctl --pgdata=$1 --silent --mode=immediate stop || true"
  pg_ctl --pgdata="$1" --silent --wait --timeout=600 --options='-c config_file=/tmp/scratch.conf' --log=/tmp/server.log start >/dev/null || {
    reason=$(grep -E 'FATAL|PANIC|ERROR' /tmp/server.log | tail -n 1) || reason='its log does not say why'
    fatal "a PostgreSQL on $1 does not start: $reason"
  }
}
