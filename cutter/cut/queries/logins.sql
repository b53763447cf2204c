-- Each statement has a name; cutter/cut/logins.py runs them by it. Names are quoted by the server itself.

-- name: exists
SELECT 1 FROM pg_roles WHERE rolname = %s

-- name: creation
SELECT format('CREATE ROLE %%I LOGIN %%s %%s', made.name, CASE WHEN made.inherits THEN 'INHERIT' ELSE 'NOINHERIT' END,
              CASE WHEN made.creates THEN 'CREATEDB' ELSE 'NOCREATEDB' END)
       || CASE WHEN made.verifier IS NULL THEN '' ELSE format(' PASSWORD %%L', made.verifier) END
FROM (SELECT %s::text, %s::boolean, %s::boolean, %s::text) made (name, inherits, creates, verifier)

-- name: joining
SELECT format('GRANT %%I TO %%I', %s::text, %s::text)
WHERE %s::text <> %s::text AND NOT EXISTS (
    SELECT FROM pg_auth_members m
    JOIN pg_roles member ON member.oid = m.member JOIN pg_roles wide ON wide.oid = m.roleid
    WHERE member.rolname = %s AND wide.rolname = %s)

-- name: members
SELECT member.rolname, wide.rolname FROM pg_auth_members m
JOIN pg_roles member ON member.oid = m.member JOIN pg_roles wide ON wide.oid = m.roleid
WHERE wide.rolname IN ('cutter_owner', 'cutter_cut', 'cutter_governance', 'cutter_verify', 'cutter_reader',
                       'cutter_enact', 'cutter_backup')
ORDER BY member.rolname, wide.rolname
