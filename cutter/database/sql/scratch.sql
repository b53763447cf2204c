-- name: create
CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'
-- name: drop
DROP DATABASE IF EXISTS {} WITH (FORCE)
-- name: lock
SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended(%s, 0))
-- name: left
SELECT d.datname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
WHERE pg_catalog.left(d.datname, %s) = %s AND r.rolname = current_user
AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND (l.classid::bigint << 32 | l.objid::bigint) = pg_catalog.hashtextextended(d.datname, 0))
-- name: hold
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
-- name: patience
SET LOCAL idle_in_transaction_session_timeout = 0
-- name: snapshot
SELECT pg_catalog.pg_export_snapshot()
-- name: unreadable
SELECT pg_catalog.concat('"', replace(n.nspname, '"', '""'), '"."', replace(c.relname, '"', '""'), '"')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND n.nspname NOT IN ('cutter', 'cutter_proof')
AND CASE WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')
    WHEN c.relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(c.oid, 'SELECT') ELSE false END
