-- One line a table: schema.table, rows, and a hash of the content that does not depend on the order of rows.
-- hashtextextended is PostgreSQL's own 64-bit hash; its sum over all rows changes when any row does.
\pset tuples_only on
\pset format unaligned
SELECT format(
  'SELECT %L, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM %I.%I AS t',
  schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
ORDER BY schemaname, tablename
\gexec
