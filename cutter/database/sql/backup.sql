-- name: plain_writing
SELECT set_config('search_path', 'pg_catalog', true), set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'iso_8601', true),
       set_config('extra_float_digits', '3', true), set_config('bytea_output', 'hex', true),
       set_config('statement_timeout', '0', true)
-- name: tables
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT %s::text[], %s::text[]) declared (schemas, tables)
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p'
  AND CASE WHEN declared.tables = '{}' THEN n.nspname = ANY (declared.schemas)
           ELSE n.nspname || '.' || c.relname = ANY (declared.tables) END
ORDER BY 1, 2
-- name: content
SELECT pg_catalog.concat_ws(' ', count(*), 'rows', coalesce(sum(high), 0), coalesce(sum(low), 0)) FROM (
    SELECT ('x' || substr(hashed, 1, 16))::bit(64)::bigint::numeric AS high,
           ('x' || substr(hashed, 17, 16))::bit(64)::bigint::numeric AS low
    FROM ONLY {} AS whole_row_ CROSS JOIN LATERAL (
        SELECT encode(sha256(convert_to(whole_row_::text, 'UTF8')), 'hex') OFFSET 0) written (hashed)
) every_row
-- name: schema
CREATE SCHEMA IF NOT EXISTS {}
