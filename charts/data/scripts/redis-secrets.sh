#!/bin/bash
# Gives Redis and its exporter their passwords: once, before they start, and with `follow` whenever the Secret changes.
# Each line of the file is a password that Redis accepts; the first is the one to use.
set -euo pipefail
shopt -s inherit_errexit
umask 027
FILE=/run/secrets/redis/password
RUN=/run/redis

# The last line of a file may lack its end.
lines() { # FILE
  awk '{ sub(/[ \t\r]+$/, "") } NF { print }' "$1"
}

# What Redis and its exporter read. Of the passwords Redis has hashes: so no character of one can end a rule.
prepare() {
  local passwords line first hash rules='resetpass'
  passwords=$(lines "$FILE")
  while IFS= read -r line; do
    hash=$(printf '%s' "$line" | sha256sum | cut -c 1-64)
    rules="$rules #$hash"
  done <<< "$passwords"
  first=$(head -n 1 <<< "$passwords" | sed 's/[\\"]/\\&/g')
  printf '%s\n' "$rules" > "$RUN/rules"
  printf 'user default on ~* &* +@all %s\n' "$rules" > "$RUN/auth.conf"
  printf '{"redis://127.0.0.1:6379":"%s"}' "$first" > "$RUN/exporter.json"
}

# Logs in with any password that was or is good.
apply() {
  local rules password passwords
  read -r -a rules < "$RUN/rules"
  passwords=$(lines "$RUN/applied"; lines "$FILE")
  while IFS= read -r password; do
    if REDISCLI_AUTH=$password redis-cli -e -h 127.0.0.1 ACL SETUSER default "${rules[@]}" > /dev/null 2>&1; then
      cp -f "$FILE" "$RUN/applied"
      echo 'Redis accepts the passwords of the Secret'
      return
    fi
  done <<< "$passwords"
  echo 'Redis cannot be told its new passwords yet' >&2
  exit 1
}

tell_exporter() {
  exec 3<> /dev/tcp/127.0.0.1/9121
  printf 'POST /-/reload HTTP/1.0\r\n\r\n' >&3
  head -n 1 <&3 > /dev/null
}

follow() {
  trap exit TERM
  while true; do
    touch "$HEARTBEAT"
    if ! cmp -s "$FILE" "$RUN/applied"; then
      prepare
      # Programs of their own: one that fails is tried again the next time.
      if bash "$0" apply; then bash "$0" tell_exporter || true; fi
    fi
    sleep 2 &
    wait $!
  done
}

# A copy is as read-only as the Secret's file: the next one needs -f.
start() {
  prepare
  cp -f "$FILE" "$RUN/applied"
}

"$1"
