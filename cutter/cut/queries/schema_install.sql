-- Each statement has a name; cutter/cut/schema_install.py runs them by it.

-- name: encoding
SELECT current_setting('server_encoding')

-- name: wait
SELECT pg_advisory_xact_lock(hashtextextended('cutter.schema', 0))

-- name: owner
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cutter_owner') THEN
        CREATE ROLE cutter_owner NOLOGIN NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles belong to the whole server: an installation in another database was faster
END $$

-- name: may_be_owner
SELECT CASE WHEN current_setting('server_version_num')::integer < 160000
            THEN pg_has_role(current_user, 'cutter_owner', 'MEMBER') -- who made a role became no member of it then
            ELSE pg_has_role(current_user, 'cutter_owner', 'SET') AND pg_has_role(current_user, 'cutter_owner', 'USAGE')
       END

-- name: become_member
DO $$ BEGIN EXECUTE format('GRANT cutter_owner TO %I', current_user); END $$

-- name: schema
CREATE SCHEMA IF NOT EXISTS cutter AUTHORIZATION cutter_owner

-- name: as_owner
SET LOCAL ROLE cutter_owner

-- name: as_login
RESET ROLE

-- name: closed
ALTER DEFAULT PRIVILEGES FOR ROLE cutter_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC

-- name: versions
CREATE TABLE IF NOT EXISTS cutter.schema_version (
    version    integer PRIMARY KEY CHECK (version > 0),
    file       text NOT NULL UNIQUE,
    digest     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)

-- name: is_there
SELECT to_regclass('cutter.schema_version') IS NOT NULL

-- name: applied
SELECT version, file, digest FROM cutter.schema_version ORDER BY version

-- name: remember
INSERT INTO cutter.schema_version (version, file, digest) VALUES (%s, %s, %s)

-- name: knows_its_parts
SELECT to_regclass('cutter.as_installed') IS NOT NULL

-- name: altered
SELECT part FROM cutter.altered_parts() part

-- name: forget_parts
DELETE FROM cutter.as_installed

-- name: remember_parts
INSERT INTO cutter.as_installed (part, digest) SELECT p.part, p.digest FROM cutter.parts() p

-- name: documents
SELECT count(*) FROM cutter.document

-- name: uses
SELECT count(*) FROM cutter.approval_use

-- name: drop
DROP SCHEMA IF EXISTS cutter, cutter_proof CASCADE
