#!/bin/bash
# Gives the roles of PostgreSQL the passwords of their Secrets: at the start, and whenever a Secret changes. The first
# line of a file is the password. It comes through the server's socket, where no password is asked for.
set -euo pipefail
shopt -s inherit_errexit
SECRETS=/run/secrets/postgres
declare -A applied

# The statement, which has the password, is in no log.
# shellcheck disable=SC2016 # psql expands them
STATEMENTS='SET log_statement = '\''none'\'';
SET log_min_duration_statement = -1;
SET log_min_error_statement = '\''panic'\'';
\set password `head -n 1 "$ROLE_FILE"`
ALTER ROLE :"role" PASSWORD :'\''password'\'';'

follow() { # ROLE FILE
  local wanted
  wanted=$(head -n 1 "$2")
  if [ "$wanted" = "${applied[$1]-}" ]; then return; fi
  if ROLE_FILE=$2 psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
    --set role="$1" <<< "$STATEMENTS" > /dev/null 2>&1; then
    applied[$1]=$wanted
    echo "$1 has the password of its Secret"
  fi
}

trap exit TERM
while true; do
  touch "$HEARTBEAT"
  # During the first start the roles are still being made.
  if pg_isready --quiet --host=127.0.0.1; then
    follow postgres "$SECRETS/superuser-password"
    follow "$APP_USER" "$SECRETS/app-password"
  fi
  sleep 2 &
  wait $!
done
