#!/bin/bash
# Prints a line for each backup: id, bytes, tables, origin, time of the last check (seconds since 1970; 0 for none).
# shellcheck source=lib.sh
source /scripts/lib.sh
find /backups -name "$PGDATABASE-*.sha256" | while read -r sums; do
  base=${sums%.sha256}
  id=${base##*/}
  origin=backup
  [ "${base%/*}" = /backups ] || origin=import
  verified=0
  if [ -e "/inbox/$id.verified" ]; then verified=$(stat -c %Y "/inbox/$id.verified"); fi
  bytes=$(stat -c %s "$base.dump")
  tables=$(wc -l <"$base.tables")
  echo "backup $id $bytes $tables $origin $verified"
done
