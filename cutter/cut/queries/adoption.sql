-- Each statement has a name; cutter/cut/adoption_survey.py runs them by it.

-- name: plain_names
SET LOCAL search_path = pg_catalog

-- name: table
SELECT c.oid::bigint, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND c.relkind <> 'i'

-- name: columns
SELECT a.attname, format_type(a.atttypid, NULL), t.typcategory::text, a.attgenerated <> ''
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

-- name: keys
SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = %s::oid AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL
  AND i.indexprs IS NULL AND a.attnotnull
ORDER BY i.indisprimary DESC, a.attnum

-- name: functions
SELECT p.oid::bigint FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = %s AND p.proname = %s AND p.prokind = 'f' ORDER BY p.oid

-- name: arguments
SELECT coalesce(a.name, ''), format_type(a.type, NULL),
       row_number() OVER (ORDER BY a.n) > p.pronargs - p.pronargdefaults, coalesce(a.mode, 'i')
FROM pg_proc p CROSS JOIN LATERAL unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames,
    p.proargmodes::text[]) WITH ORDINALITY a (type, name, mode, n)
WHERE p.oid = %s::oid AND a.type IS NOT NULL AND coalesce(a.mode, 'i') IN ('i', 'b', 'v') ORDER BY a.n

-- name: may_grant
SELECT what FROM (
    SELECT format('the table %%s belongs to %%s', c.oid::regclass, c.relowner::regrole), c.relowner
    FROM pg_class c WHERE c.oid = %s::oid
    UNION ALL
    SELECT format('the function %%s belongs to %%s', p.oid::regprocedure, p.proowner::regrole), p.proowner
    FROM pg_proc p WHERE p.oid = %s::oid
    UNION ALL
    SELECT format('the schema %%s belongs to %%s', n.oid::regnamespace, n.nspowner::regrole), n.nspowner
    FROM pg_namespace n WHERE n.nspname IN (%s, %s)
      AND NOT has_schema_privilege(current_user, n.oid, 'USAGE WITH GRANT OPTION')
) owned (what, owner) WHERE NOT pg_has_role(current_user, owner, 'USAGE')

-- name: owned_by_ours
SELECT format('the login %%s can become %%s, who owns %%s', r.rolname, owner::regrole, what) FROM (
    SELECT c.relowner, c.oid::regclass::text FROM pg_class c WHERE c.oid = %s::oid
    UNION ALL SELECT p.proowner, p.oid::regprocedure::text FROM pg_proc p WHERE p.oid = %s::oid
) owned (owner, what) JOIN pg_roles r ON r.rolname = ANY(%s) AND pg_has_role(r.oid, owner, 'MEMBER')
ORDER BY 1

-- name: direct_rights
SELECT part, coalesce(of_column, ''), coalesce(pg_get_userbyid(nullif(grantee, 0))::text, ''), privilege, grantable
FROM (
    SELECT 'table', NULL::text, a.* FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = %(table)s::oid
    UNION ALL
    SELECT 'table', t.attname::text, a.* FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = %(table)s::oid
    UNION ALL
    SELECT 'function', NULL, a.* FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE p.oid = %(function)s::oid
) held (part, of_column, grantor, grantee, privilege, grantable)
WHERE grantee = 0 OR pg_get_userbyid(grantee) = ANY(%(narrow)s)
   OR privilege <> 'SELECT' AND pg_get_userbyid(grantee) = ANY(%(ours)s)
ORDER BY 1, 2, 3, 4

-- name: around_us
SELECT format('the login %%s may %%s', r.rolname, what) FROM pg_roles r CROSS JOIN LATERAL (
    SELECT string_agg(lower(privilege), ', ' ORDER BY privilege) || ' rows of ' || %(table)s::oid::regclass
    FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege
    WHERE has_table_privilege(r.oid, %(table)s::oid, privilege)
    UNION ALL
    SELECT 'call ' || %(function)s::oid::regprocedure WHERE has_function_privilege(r.oid, %(function)s::oid, 'EXECUTE')
) rights (what)
WHERE r.rolname = ANY(%(ours)s) AND what IS NOT NULL ORDER BY 1
