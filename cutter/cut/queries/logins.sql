-- Each statement has a name; cutter/cut/logins.py runs them by it. Names are quoted by the server itself.

-- name: exists
SELECT 1 FROM pg_roles WHERE rolname = %s

-- name: unfit
SELECT reason FROM pg_roles r CROSS JOIN LATERAL (VALUES
    ('group', r.rolname IN ('cutter_owner', 'cutter_cut', 'cutter_governance', 'cutter_verify', 'cutter_reader',
                            'cutter_enact', 'cutter_rehearsal', 'cutter_backup', 'cutter_authoriser')),
    ('login', NOT r.rolcanlogin),
    ('super', r.rolsuper),
    ('narrowed', r.rolinherit),
    ('createdb', NOT r.rolcreatedb)
) found (reason, holds) WHERE r.rolname = %s AND found.holds

-- name: creation
SELECT format('CREATE ROLE %%I LOGIN %%s %%s', made.name, CASE WHEN made.inherits THEN 'INHERIT' ELSE 'NOINHERIT' END,
              CASE WHEN made.creates THEN 'CREATEDB' ELSE 'NOCREATEDB' END)
       || CASE WHEN made.verifier IS NULL THEN '' ELSE format(' PASSWORD %%L', made.verifier) END
FROM (SELECT %s::text, %s::boolean, %s::boolean, %s::text) made (name, inherits, creates, verifier)

-- name: joining
SELECT format('GRANT %%I TO %%I', %s::text, %s::text)
WHERE NOT EXISTS (
    SELECT FROM pg_auth_members m
    JOIN pg_roles wide ON wide.oid = m.roleid JOIN pg_roles member ON member.oid = m.member
    WHERE wide.rolname = %s AND member.rolname = %s)

-- name: as_owner
SET LOCAL ROLE cutter_owner

-- name: as_login
RESET ROLE

-- name: proof
SELECT format('GRANT USAGE ON SCHEMA cutter_proof TO %%I', %s::text)

-- name: naming
SELECT format('GRANT USAGE ON SCHEMA cutter TO %%I', %s::text)

-- name: arming
SELECT format('GRANT EXECUTE ON FUNCTION cutter_proof.arm TO %%I', %s::text)

-- name: running
SELECT format('GRANT EXECUTE ON FUNCTION cutter_proof.run TO %%I', %s::text)

-- name: standings
SELECT member.rolname, wide.rolname FROM pg_auth_members m
JOIN pg_roles member ON member.oid = m.member JOIN pg_roles wide ON wide.oid = m.roleid
WHERE wide.rolname IN ('cutter_owner', 'cutter_cut', 'cutter_governance', 'cutter_verify', 'cutter_reader',
                       'cutter_enact', 'cutter_rehearsal', 'cutter_backup', 'cutter_authoriser')
UNION
SELECT r.rolname, concat_ws('.', n.nspname, p.proname)
FROM pg_namespace n JOIN pg_proc p ON p.pronamespace = n.oid CROSS JOIN aclexplode(p.proacl) a
JOIN pg_roles r ON r.oid = a.grantee
WHERE n.nspname = 'cutter_proof' AND r.rolcanlogin
UNION
SELECT r.rolname, n.nspname FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE n.nspname = 'cutter' AND r.rolcanlogin
ORDER BY 1, 2
