#!/bin/bash
# Dumps the database and takes its fingerprint in one snapshot, so that a restore can be compared to exactly what was
# dumped. The files appear under their final names only when they are whole.
# shellcheck source=lib.sh
source /scripts/lib.sh
login "$PGUSER" /run/secrets/backup/password
target="/backups/$PGDATABASE-$(date -u +%Y%m%dT%H%M%SZ)"
partial="$target.partial"
tidy() { rm -f "$partial".*; }
at_exit tidy
rm -f /backups/*.partial.*

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set partial="$partial" <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\setenv PARTIAL :partial
\! pg_dump --format=custom --compress=6 --snapshot="$SNAPSHOT" --file="$PARTIAL.dump" || rm -f "$PARTIAL.dump"
\o :partial.tables
\i /scripts/fingerprint.sql
\o
COMMIT;
SQL

[ -s "$partial.dump" ] || fatal "pg_dump of $PGDATABASE wrote nothing"
pg_restore --list "$partial.dump" >/dev/null
mv "$partial.tables" "$target.tables"
mv "$partial.dump" "$target.dump"
name=${target##*/}
(cd /backups && sha256sum "$name.dump" "$name.tables" >"$partial.sha256")
mv "$partial.sha256" "$target.sha256"
find /backups -name "$PGDATABASE-*" -mtime "+$RETENTION_DAYS" -delete
summary=$(summary "$target")
echo "backup of $PGDATABASE: $summary"
