#!/bin/bash
# Restores a backup (BACKUP, or the newest) into a PostgreSQL of its own, started in this pod's scratch space, and compares
# row counts and content hashes. It touches no other database and needs no network.
source /scripts/lib.sh
started=$(date +%s)
base=$(find_backup "${BACKUP:-}")
check_backup "$base"
scratch_server /scratch/data
createdb --maintenance-db=postgres "$PGDATABASE"
pg_restore --exit-on-error --no-owner --no-privileges --dbname="$PGDATABASE" "$base.dump"
fingerprint "$PGDATABASE" /scratch/tables
compare "$base.tables" /scratch/tables || fatal "$base.dump does not hold what was backed up"
touch "/inbox/$(basename "$base").verified"
echo "restore drill of $PGDATABASE: $(wc -l <"$base.tables") tables equal, data $(age_of "$base") s old, restored in $(($(date +%s) - started)) s, $(basename "$base")"
