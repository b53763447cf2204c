-- name: create
CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'
-- name: drop
DROP DATABASE IF EXISTS {} WITH (FORCE)
-- name: left
SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datname LIKE %s AND d.datdba = current_user::regrole
AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
