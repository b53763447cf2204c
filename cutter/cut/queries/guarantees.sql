-- Each statement has a name; cutter/cut/guarantees.py runs them by it. Each row is a finding against the guarantee.
-- %(table)s is the table that the units are in, %(function)s the adopted function or NULL, %(ours)s our roles.

-- name: records_kept
SELECT format('the trigger %%s of %%s is missing or disabled', wanted.trigger, wanted.table_name)
FROM (VALUES ('governance_record', 'governance_record_rows'), ('governance_record', 'governance_record_whole'),
             ('governance_head', 'governance_head_kept'), ('lifecycle_transition', 'lifecycle_transition_kept')
) wanted (table_name, trigger)
WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass('cutter.' || wanted.table_name)
                  AND t.tgname = wanted.trigger AND t.tgenabled IN ('O', 'A'))
UNION ALL
SELECT format('%%s may change cutter.%%s', r.rolname, c.relname) FROM pg_class c CROSS JOIN pg_roles r
WHERE c.oid IN (to_regclass('cutter.governance_record'), to_regclass('cutter.lifecycle_transition')) AND NOT r.rolsuper
  AND r.rolname NOT LIKE 'pg\_%%'
  AND (has_table_privilege(r.oid, c.oid, 'UPDATE') OR has_table_privilege(r.oid, c.oid, 'DELETE')
       OR has_table_privilege(r.oid, c.oid, 'TRUNCATE'))

-- name: records_whole
SELECT fault FROM cutter.governance_fault() fault WHERE fault IS NOT NULL

-- name: commits_guarded
SELECT format('the trigger %%s of %%s is missing or disabled', wanted.trigger, wanted.table_name)
FROM (VALUES ('governance_record', 'switch_at_commit'), ('cut', 'cut_is_verified')) wanted (table_name, trigger)
WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass('cutter.' || wanted.table_name)
                  AND t.tgname = wanted.trigger AND t.tgenabled IN ('O', 'A') AND t.tgdeferrable AND t.tginitdeferred)

-- name: as_installed
SELECT part FROM cutter.altered_parts() part

-- name: ours_closed
WITH ways (what, everybody, ours) AS (
    SELECT lower(privilege) || ' rows of ' || %(table)s::oid::regclass, has_table_privilege('public', %(table)s::oid, privilege),
           ARRAY(SELECT r.rolname FROM pg_roles r WHERE r.rolname = ANY(%(ours)s)
                 AND has_table_privilege(r.oid, %(table)s::oid, privilege) ORDER BY 1)
    FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege
    UNION ALL
    SELECT 'call ' || %(function)s::oid::regprocedure, has_function_privilege('public', %(function)s::oid, 'EXECUTE'),
           ARRAY(SELECT r.rolname FROM pg_roles r WHERE r.rolname = ANY(%(ours)s)
                 AND has_function_privilege(r.oid, %(function)s::oid, 'EXECUTE') ORDER BY 1)
    WHERE %(function)s::oid IS NOT NULL
)
SELECT format('%%s may %%s', CASE WHEN everybody THEN 'everybody' ELSE array_to_string(ours, ', ') END, what)
FROM ways WHERE everybody OR ours <> '{}'

-- name: others_closed
SELECT format('%%s may %%s', r.rolname, concat_ws(' and ',
    CASE WHEN writes THEN 'write to ' || %(table)s::oid::regclass END,
    CASE WHEN calls THEN 'call ' || %(function)s::oid::regprocedure END))
FROM pg_roles r CROSS JOIN LATERAL (
    SELECT has_table_privilege(r.oid, %(table)s::oid, 'INSERT') OR has_table_privilege(r.oid, %(table)s::oid, 'UPDATE')
           OR has_table_privilege(r.oid, %(table)s::oid, 'DELETE'),
           %(function)s::oid IS NOT NULL AND has_function_privilege(r.oid, %(function)s::oid, 'EXECUTE')
) held (writes, calls)
WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> ALL(%(ours)s) AND (writes OR calls)
UNION ALL
SELECT format('%%s owns %%s, so whoever becomes it may write to it', c.relowner::regrole, c.oid::regclass)
FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
WHERE c.oid = %(table)s::oid AND r.rolname <> 'cutter_owner' AND NOT r.rolsuper
ORDER BY 1

-- name: addresses_unique
SELECT 'no unique index on (unit_ref, document_id)' WHERE NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 2
    AND i.indrelid = coalesce(to_regclass('cutter.adopted_unit'), to_regclass('cutter.information_unit'))
    AND (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = i.indrelid
         AND a.attnum = ANY(i.indkey)) = ARRAY['document_id', 'unit_ref']::name[])

-- name: indexed
SELECT format('no index of %%s begins with %%s', %(table)s::oid::regclass, wanted)
FROM unnest(%(indexed)s::text[]) wanted WHERE NOT EXISTS (
    SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = %(table)s::oid AND i.indisvalid AND i.indpred IS NULL AND a.attname = wanted)

-- name: function_own_rights
SELECT format('%%s acts with the rights of %%s, a superuser', p.oid::regprocedure, r.rolname)
FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
WHERE p.oid = %(function)s::oid AND p.prosecdef AND r.rolsuper

-- name: function_path
SELECT format('%%s looks for names in the schema %%s, where %%s may make objects', p.oid::regprocedure, n.nspname,
    CASE WHEN has_schema_privilege('public', n.oid, 'CREATE') THEN 'everybody' ELSE r.rolname END)
FROM pg_proc p CROSS JOIN pg_namespace n CROSS JOIN pg_roles r
WHERE p.oid = %(function)s::oid AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE '%%search_path=%%', false)
  AND n.oid IN (p.pronamespace, (SELECT relnamespace FROM pg_class WHERE oid = %(table)s::oid))
  AND r.rolname = ANY(%(ours)s) AND has_schema_privilege(r.oid, n.oid, 'CREATE')
ORDER BY 1 LIMIT 3

-- name: no_triggers
SELECT format('the trigger %%s calls %%s%%s', t.tgname, t.tgfoid::regprocedure,
    CASE WHEN t.tginitdeferred THEN ' at the commit, after the verify' ELSE '' END)
FROM pg_trigger t WHERE t.tgrelid = %(table)s::oid AND NOT t.tgisinternal ORDER BY 1

-- name: versions_side_by_side
SELECT format('the index %%s lets an address be there once: of two versions of a document one fits', i.indexrelid::regclass)
FROM pg_index i WHERE i.indrelid = %(table)s::oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
AND (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey[0:i.indnkeyatts - 1]))
    <@ %(addresses)s::text[]

-- name: no_cascades
SELECT format('%%s of %%s: rows there %%s with a unit', r.conname, r.conrelid::regclass,
    CASE r.confdeltype WHEN 'c' THEN 'are deleted' ELSE 'lose it' END)
FROM pg_constraint r WHERE r.contype = 'f' AND r.confrelid = %(table)s::oid AND r.confdeltype IN ('c', 'n', 'd')
AND r.conrelid <> r.confrelid ORDER BY 1

-- name: no_row_security
SELECT format('row security of %%s may hide rows from us', c.oid::regclass)
FROM pg_class c WHERE c.oid = %(table)s::oid AND c.relrowsecurity

-- name: own_table
SELECT 'cutter.information_unit'::regclass::oid::bigint
