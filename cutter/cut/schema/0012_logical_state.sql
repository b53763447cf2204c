-- What is there, as one digest for each part: equal for two databases, or two moments, that hold the same.

CREATE FUNCTION cutter.logical_state() RETURNS TABLE (part text, digest text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
#variable_conflict use_column
DECLARE
    fault text := cutter.governance_fault();
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the governance record does not hold: %', fault USING ERRCODE = 'CT018';
    END IF;
    RETURN QUERY
    WITH line (part, ref, number, unit, told) AS (
        SELECT 'documents', d.document_ref, d.version::bigint, '', json_build_array(d.document_ref, d.version,
            cutter.text_digest(d.source_text), d.source_digest, d.grammar_digest, before.version)
        FROM cutter.document d LEFT JOIN cutter.document before ON before.document_id = d.supersedes
        UNION ALL
        SELECT 'units', d.document_ref, d.version, u.unit_ref, json_build_array(d.document_ref, d.version, u.unit_ref,
            u.ordinal, u.unit_kind, u.section_type, u.title, cutter.text_digest(u.body), u.body_hash, u.owner_ref,
            parent.unit_ref)
        FROM cutter.information_unit u JOIN cutter.document d USING (document_id)
        LEFT JOIN cutter.information_unit parent ON parent.unit_id = u.parent_id
        UNION ALL
        SELECT 'cuts', d.document_ref, d.version, '', json_build_array(d.document_ref, d.version, c.pin, c.unit_count,
            c.writer_digest, c.recorded IS NOT NULL, c.verified IS NOT NULL)
        FROM cutter.cut c JOIN cutter.document d USING (document_id)
        UNION ALL
        SELECT 'lifecycle', d.document_ref, d.version, '', json_build_array(d.document_ref, d.version, l.state,
            l.effective::text, later.version)
        FROM cutter.lifecycle l JOIN cutter.document d USING (document_id)
        LEFT JOIN cutter.document later ON later.document_id = l.superseded_by
        UNION ALL
        SELECT 'record', '', r.seq, '', to_json(r.hash) FROM cutter.governance_record r
    )
    SELECT known.part, cutter.text_digest(coalesce(string_agg(cutter.text_digest(line.told::text), E'\n'
        ORDER BY line.ref COLLATE "C", line.number, line.unit COLLATE "C"), ''))
    FROM (VALUES ('documents'), ('units'), ('cuts'), ('lifecycle'), ('record')) known (part)
    LEFT JOIN line ON line.part = known.part
    GROUP BY known.part;
END $$;
COMMENT ON FUNCTION cutter.logical_state IS
'A digest for each part (documents, units, cuts, lifecycle, record), over every row of it. No surrogate number, time or name of a role is in it but in the record, whose hashes cover them; no setting and no collation changes it, nor do dump and restore. Raises CT018 where the governance record does not hold.';

CREATE FUNCTION cutter.logical_digest() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT cutter.text_digest(E'cutter.logical.v1\n' || string_agg(s.part || ' ' || s.digest, E'\n' ORDER BY s.part COLLATE "C"))
    FROM cutter.logical_state() s
$$;
COMMENT ON FUNCTION cutter.logical_digest IS 'All parts of the logical state as one digest.';

GRANT EXECUTE ON FUNCTION cutter.logical_state, cutter.logical_digest TO cutter_reader, cutter_verify, cutter_backup;
