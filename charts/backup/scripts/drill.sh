#!/bin/bash
# Restores a backup (BACKUP, or the newest) into a temporary PostgreSQL in this pod's scratch space, and compares row
# counts and content hashes. It reaches no other database and needs no network.
# shellcheck source=lib.sh
source /scripts/lib.sh
started=$(date +%s)
base=$(find_backup "${BACKUP:-}")
check_backup "$base"
scratch_server /scratch/data
createdb --maintenance-db=postgres "$PGDATABASE"
pg_restore --exit-on-error --no-owner --no-privileges --dbname="$PGDATABASE" "$base.dump"
fingerprint "$PGDATABASE" /scratch/tables
compare "$base.tables" /scratch/tables | tee /scratch/compared
assert_equal /scratch/compared "$base.dump does not hold what was backed up"
name=${base##*/}
touch "/inbox/$name.verified"
tables=$(wc -l <"$base.tables")
age=$(age_of "$base")
ended=$(date +%s)
echo "restore drill of $PGDATABASE: $tables tables equal, data $age s old, restored in $((ended - started)) s, $name"
