#!/bin/bash
# One line a backup: id, bytes, tables, where it came from, and when it was last verified (seconds since 1970, or 0).
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
