-- The inverse of a committed cut and its enactment, whole or not at all.

CREATE FUNCTION cutter.outside_references(p_cut_id bigint) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    door record;
    referring bigint;
BEGIN
    FOR door IN
        SELECT c.conrelid::regclass AS from_table, c.confrelid::regclass AS to_table,
               c.confdeltype NOT IN ('a', 'r') AS follows,
               has_schema_privilege(t.relnamespace, 'USAGE') AND has_table_privilege(t.oid, 'SELECT') AS readable,
               string_agg(format('r.%I = t.%I', ours.attname, theirs.attname), ' AND ') AS same
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        CROSS JOIN LATERAL unnest(c.conkey, c.confkey) k (ours, theirs)
        JOIN pg_attribute ours ON ours.attrelid = c.conrelid AND ours.attnum = k.ours
        JOIN pg_attribute theirs ON theirs.attrelid = c.confrelid AND theirs.attnum = k.theirs
        WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid <> 'cutter.information_unit'::regclass
          AND c.confrelid IN ('cutter.information_unit'::regclass, 'cutter.cut'::regclass)
        GROUP BY c.oid, t.oid ORDER BY 1
    LOOP
        IF door.readable THEN
            EXECUTE format('SELECT count(*) FROM %s r JOIN %s t ON %s JOIN cutter.cut c '
                           'ON c.document_id = t.document_id WHERE c.cut_id = $1',
                           door.from_table, door.to_table, door.same)
            INTO referring USING p_cut_id;
            IF referring > 0 THEN
                RETURN NEXT format('%s of %s to %s', referring, door.from_table, door.to_table);
            END IF;
        ELSIF door.follows AND pg_relation_size(door.from_table) > 0 THEN
            RETURN NEXT format('rows of %s to %s, which nobody may look at and which would go along',
                               door.from_table, door.to_table);
        END IF; -- any other that cannot be looked at refuses by itself
    END LOOP;
END $$;
COMMENT ON FUNCTION cutter.outside_references IS
'What tables that are not ours refer to in a cut, by their foreign keys; those would refuse its removal, or follow it.';

CREATE FUNCTION cutter.cut_dependants(p_cut_id bigint) RETURNS TABLE (kind text, what text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH this AS (
        SELECT c.*, d.document_ref, d.version, l.state, s.version AS successor
        FROM cutter.cut c JOIN cutter.document d USING (document_id) JOIN cutter.lifecycle l USING (document_id)
        LEFT JOIN cutter.document s ON s.document_id = l.superseded_by WHERE c.cut_id = p_cut_id
    )
    SELECT 'supersession', format('version %s of %s is superseded by %s', version, document_ref, successor)
    FROM this WHERE state = 'superseded'
    UNION ALL
    SELECT 'revocation', format('version %s of %s is revoked', version, document_ref) FROM this WHERE state = 'revoked'
    UNION ALL
    SELECT 'later cut', format('cut %s of version %s of %s', later.cut_id, d.version, d.document_ref)
    FROM this JOIN cutter.document d ON d.document_ref = this.document_ref AND d.document_id > this.document_id
    JOIN cutter.cut later ON later.document_id = d.document_id
    UNION ALL
    SELECT 'edit', coalesce(
        (SELECT string_agg(format('unit %s has another body than was cut', u.unit_ref), '; ' ORDER BY u.ordinal)
         FROM cutter.information_unit u
         WHERE u.document_id = this.document_id AND u.body_hash <> cutter.text_digest(u.body)),
        format('the units of cut %s are no longer those that were cut', this.cut_id))
    FROM this WHERE this.writer_digest <> (SELECT m.writer_digest FROM cutter.cut_measures(this.document_id) m)
    UNION ALL
    SELECT 'reference', format('unit %s of %s stands under unit %s', u.unit_ref, u.owner_ref, p.unit_ref)
    FROM this JOIN cutter.information_unit p ON p.document_id = this.document_id
    JOIN cutter.information_unit u ON u.parent_id = p.unit_id AND u.document_id <> p.document_id
    UNION ALL
    SELECT 'outside reference', found FROM cutter.outside_references(p_cut_id) found
$$;
COMMENT ON FUNCTION cutter.cut_dependants IS 'What depends on a cut, so that it cannot be compensated now.';

CREATE FUNCTION cutter.fn_cut_compensate(
    p_cut_id bigint, p_run text, OUT removed integer, OUT was text, OUT restored integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.cut;
    account jsonb;
    dependants text;
BEGIN
    PERFORM cutter.require_switch(p_run, p_cut_id);
    PERFORM FROM cutter.work w JOIN cutter.document d USING (document_ref) JOIN cutter.cut c USING (document_id)
    WHERE c.cut_id = p_cut_id FOR UPDATE OF w;
    the := cutter.cut_of(p_cut_id);
    SELECT string_agg(d.kind || ': ' || d.what, E'\n') INTO dependants FROM cutter.cut_dependants(p_cut_id) d;
    IF dependants IS NOT NULL THEN
        RAISE EXCEPTION 'something depends on cut %', p_cut_id USING ERRCODE = 'CT020', DETAIL = dependants;
    END IF;
    account := cutter.cut_account(the, (cutter.cut_measures(the.document_id)).section_types, the.unit_count);
    SELECT l.state INTO was FROM cutter.lifecycle l WHERE l.document_id = the.document_id;
    IF was = 'enacted' THEN
        restored := cutter.undo_lifecycle(the.document_id, p_run);
        PERFORM cutter.governance_append('compensation', p_run, json_build_object('of', 'lifecycle',
            'document_ref', account -> 'document_ref', 'version', account -> 'version', 'was', was, 'restored', restored));
    END IF;
    DELETE FROM cutter.information_unit u WHERE u.document_id = the.document_id;
    GET DIAGNOSTICS removed = ROW_COUNT;
    DELETE FROM cutter.cut c WHERE c.cut_id = p_cut_id;
    PERFORM cutter.governance_append('compensation', p_run,
        (jsonb_build_object('of', 'cut', 'removed', removed) || account)::json);
EXCEPTION WHEN foreign_key_violation THEN
    RAISE EXCEPTION 'something outside this schema refers to the units of cut %', p_cut_id
    USING ERRCODE = 'CT020', DETAIL = SQLERRM;
END $$;
COMMENT ON FUNCTION cutter.fn_cut_compensate IS
'Take back a committed cut and its enactment: units removed, the version that was ended in force again, records appended. Raises CT020 when something depends on it.';

GRANT EXECUTE ON FUNCTION cutter.cut_dependants TO cutter_reader, cutter_enact;
GRANT EXECUTE ON FUNCTION cutter.fn_cut_compensate TO cutter_enact;
