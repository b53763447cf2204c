-- name: as_owner
SET LOCAL ROLE cutter_owner
-- name: as_login
RESET ROLE
-- name: installed
SELECT pg_catalog.to_regclass('cutter.authority') IS NOT NULL
-- name: pinned
SELECT digest, content, extract(epoch FROM since)::double precision FROM cutter.authority ORDER BY seq DESC LIMIT 1
-- name: ever_pinned
SELECT digest FROM cutter.authority ORDER BY seq
-- name: pin
SELECT cutter.fn_authority_pin(%s, %s, %s, %s, %s)
