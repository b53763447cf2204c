-- The inverse of a committed cut and its enactment, whole or not at all.

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
    PERFORM cutter.require_switch(p_run);
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
