-- What the schema is made of, as one digest for each part: so that a part that was altered by hand is named.

CREATE TABLE cutter.as_installed (
    part   text PRIMARY KEY,
    digest text NOT NULL
);
COMMENT ON TABLE cutter.as_installed IS 'The parts of the schema as they were when it was last installed, upgraded, or made to stand on an existing table.';

CREATE FUNCTION cutter.parts() RETURNS TABLE (part text, digest text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('cutter', 'cutter_proof')),
    told (part, what) AS (
        SELECT 'function ' || p.oid::regprocedure, concat_ws(E'\n', p.prosrc, pg_get_function_sqlbody(p.oid),
            pg_get_function_result(p.oid), p.prosecdef, p.provolatile, p.proconfig,
            CASE ours.nspname WHEN 'cutter' THEN ( -- what a login may call in the other, its step looks at
                SELECT string_agg(a.grantee::regrole || ' ' || a.privilege_type, ' ' ORDER BY a.grantee::regrole::text COLLATE "C")
                FROM aclexplode(p.proacl) a) END)
        FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
        UNION ALL
        SELECT format('trigger %s of %s', t.tgname, c.oid::regclass), concat_ws(E'\n', pg_get_triggerdef(t.oid), t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN ours ON ours.oid = c.relnamespace WHERE NOT t.tgisinternal
        UNION ALL
        SELECT format('constraint %s of %s', k.conname, k.conrelid::regclass), concat_ws(E'\n', pg_get_constraintdef(k.oid), k.convalidated)
        FROM pg_constraint k JOIN ours ON ours.oid = k.connamespace WHERE k.conrelid <> 0 AND k.contype IN ('p', 'u', 'c', 'f', 'x')
        UNION ALL
        SELECT format('column %s of %s', a.attname, c.oid::regclass),
            concat_ws(E'\n', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN ours ON ours.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
        WHERE c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT format('view %s', c.oid::regclass), pg_get_viewdef(c.oid)
        FROM pg_class c JOIN ours ON ours.oid = c.relnamespace WHERE c.relkind = 'v'
    )
    SELECT told.part, cutter.text_digest(told.what) FROM told
$$;
COMMENT ON FUNCTION cutter.parts IS 'Every function, trigger, constraint, column and view of the schema as it is now, each with a digest of what it says and of who may call it.';

CREATE FUNCTION cutter.altered_parts() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(now.part, was.part) || CASE
        WHEN was.part IS NULL THEN ' was added' WHEN now.part IS NULL THEN ' is gone' ELSE ' was altered' END
    FROM cutter.as_installed was FULL JOIN cutter.parts() now USING (part)
    WHERE was.digest IS DISTINCT FROM now.digest
    ORDER BY coalesce(now.part, was.part) COLLATE "C"
$$;
COMMENT ON FUNCTION cutter.altered_parts IS 'What of the schema is not as it was installed. Whoever owns the schema can alter this too: it finds what was done by hand, not a forger.';

GRANT SELECT ON cutter.as_installed TO cutter_reader, cutter_backup;
GRANT EXECUTE ON FUNCTION cutter.parts, cutter.altered_parts TO cutter_reader;
