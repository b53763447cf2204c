-- name: arm
SELECT cutter_proof.arm()::text
-- name: xid
SELECT pg_catalog.pg_current_xact_id_if_assigned()::text
-- name: run
SELECT cutter_proof.run(%s)
-- name: constraints
SELECT pg_catalog.format('SET CONSTRAINTS %s IMMEDIATE', string_agg(DISTINCT
    pg_catalog.format('%I.%I', n.nspname, c.conname), ', '))
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE c.condeferrable AND (n.nspname, c.conname) NOT IN (('cutter_proof', 'rollback_only'), ('cutter', 'rollback_only'))
  AND (n.nspname !~ '^pg_temp_' OR n.oid = pg_catalog.pg_my_temp_schema())
HAVING count(*) > 0
-- name: status
SELECT pg_catalog.pg_xact_status(%s::text::xid8)
-- name: prepared
SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY gid
-- name: advisory
SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = %s
-- name: sequences
SELECT pg_catalog.format('%I.%I', schemaname, sequencename), last_value FROM pg_catalog.pg_sequences
-- name: tables
SELECT n.nspname, c.relname,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1, 2
-- name: content
SELECT count(*)::text || ' rows ' ||
       coalesce(sum(('x' || pg_catalog.left(pg_catalog.md5(whole_row_::text), 15))::bit(60)::bigint::numeric), 0)::text
FROM ONLY {} AS whole_row_
-- name: shape
SELECT 'schema', nspname::text, nspowner::text, nspacl::text FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
UNION ALL SELECT 'relation', oid::text, concat_ws('|', relname, relnamespace, relkind, relowner, reltype,
    relpersistence, relrowsecurity, relforcerowsecurity), relacl::text
    FROM pg_catalog.pg_class WHERE relpersistence <> 't'
UNION ALL SELECT 'column', concat_ws('.', a.attrelid, a.attnum), concat_ws('|', a.attname, a.atttypid, a.attnotnull,
    a.attisdropped, a.attidentity, a.attgenerated), a.attacl::text
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relpersistence <> 't'
    WHERE a.attrelid >= 16384
UNION ALL SELECT 'default', oid::text, d::text, NULL FROM pg_catalog.pg_attrdef d
    WHERE adrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')
UNION ALL SELECT 'function', oid::text, p::text, NULL FROM pg_catalog.pg_proc p WHERE oid >= 16384
UNION ALL SELECT 'constraint', oid::text, c::text, NULL FROM pg_catalog.pg_constraint c
    WHERE conrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')
UNION ALL SELECT 'trigger', oid::text, t::text, NULL FROM pg_catalog.pg_trigger t
    WHERE tgrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')
UNION ALL SELECT 'rule', oid::text, r::text, NULL FROM pg_catalog.pg_rewrite r WHERE oid >= 16384
UNION ALL SELECT 'policy', oid::text, p::text, NULL FROM pg_catalog.pg_policy p
UNION ALL SELECT 'event trigger', oid::text, e::text, NULL FROM pg_catalog.pg_event_trigger e
UNION ALL SELECT 'extension', oid::text, e::text, NULL FROM pg_catalog.pg_extension e
UNION ALL SELECT 'default right', oid::text, d::text, NULL FROM pg_catalog.pg_default_acl d
UNION ALL SELECT 'comment', concat_ws('.', objoid, classoid, objsubid), description, NULL FROM pg_catalog.pg_description
UNION ALL SELECT 'large object', oid::text, l::text, NULL FROM pg_catalog.pg_largeobject_metadata l
UNION ALL SELECT 'role', oid::text, r::text, NULL FROM pg_catalog.pg_roles r
UNION ALL SELECT 'membership', concat_ws('.', roleid, member, grantor), admin_option::text, NULL
    FROM pg_catalog.pg_auth_members
UNION ALL SELECT 'setting', concat_ws('.', setdatabase, setrole), setconfig::text, NULL
    FROM pg_catalog.pg_db_role_setting
UNION ALL SELECT 'database', oid::text, concat_ws('|', datname, datdba), datacl::text FROM pg_catalog.pg_database
    WHERE datname = pg_catalog.current_database()
-- name: ways_out
WITH reachable AS (
    SELECT oid, rolname, rolsuper, rolreplication FROM pg_catalog.pg_roles
    WHERE pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
)
SELECT pg_catalog.format('%s is a superuser', rolname) FROM reachable WHERE rolsuper
UNION ALL
SELECT pg_catalog.format('%s may replicate', rolname) FROM reachable WHERE rolreplication
UNION ALL
SELECT pg_catalog.format('%s reaches programs or files of the server', rolname) FROM reachable
WHERE rolname IN ('pg_execute_server_program', 'pg_write_server_files')
UNION ALL
SELECT DISTINCT pg_catalog.format('%s may execute %s, which opens a connection of its own', r.rolname, p.proname)
FROM reachable r, pg_catalog.pg_proc p
WHERE p.probin ~ 'dblink' AND p.proname IN ('dblink', 'dblink_exec', 'dblink_connect', 'dblink_send_query')
  AND pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE')
  AND pg_catalog.has_schema_privilege(r.oid, p.pronamespace, 'USAGE')
UNION ALL
SELECT pg_catalog.format('%s may use the foreign server %s', r.rolname, s.srvname)
FROM reachable r, pg_catalog.pg_foreign_server s
WHERE pg_catalog.has_server_privilege(r.oid, s.oid, 'USAGE')
UNION ALL
SELECT DISTINCT pg_catalog.format('%s may execute %s in the untrusted language %s', r.rolname, p.proname, l.lanname)
FROM reachable r, pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE NOT l.lanpltrusted AND l.lanname NOT IN ('internal', 'c')
  AND pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE')
UNION ALL
SELECT pg_catalog.format('%s owns the guard that keeps the transaction from committing', r.rolname)
FROM reachable r WHERE r.oid IN (
    SELECT relowner FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('cutter_proof')
    UNION SELECT proowner FROM pg_catalog.pg_proc WHERE pronamespace = pg_catalog.to_regnamespace('cutter_proof')
    UNION SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'cutter_proof')
UNION ALL
SELECT 'the guard is not installed: apply the cut_schema step first'
WHERE pg_catalog.to_regclass('cutter_proof.rollback_only') IS NULL
UNION ALL
SELECT 'the guard is disarmed'
WHERE pg_catalog.to_regclass('cutter_proof.rollback_only') IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = pg_catalog.to_regclass('cutter_proof.rollback_only') AND t.tgname = 'rollback_only'
      AND t.tgenabled IN ('O', 'A') AND t.tgdeferrable AND t.tginitdeferred AND p.proname = 'refuse_commit'
      AND p.pronamespace = pg_catalog.to_regnamespace('cutter_proof')
)
