-- name: identity
SELECT concat_ws(':', 'postgresql', control.system_identifier, own.oid, own.datname)
FROM pg_catalog.pg_control_system() control, pg_catalog.pg_database own
WHERE own.datname = pg_catalog.current_database()
-- name: user
SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s
-- name: size
SELECT pg_catalog.pg_database_size(pg_catalog.current_database())
