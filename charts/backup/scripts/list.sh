#!/bin/bash
# One line a backup: id, bytes, tables, where it came from, and when it was last verified (seconds since 1970, or 0).
source /scripts/lib.sh
find /backups -name "$PGDATABASE-*.sha256" | while read -r sums; do
  base=${sums%.sha256}
  id=$(basename "$base")
  origin=backup
  [ "$(dirname "$base")" = /backups ] || origin=import
  verified=$(stat -c %Y "/inbox/$id.verified" 2>/dev/null || echo 0)
  echo "backup $id $(stat -c %s "$base.dump") $(wc -l <"$base.tables") $origin $verified"
done
