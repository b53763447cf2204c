-- Each statement has a name; cutter/cut/trial.py runs them by it. Every row counts, no surrogate number does.

-- name: fault
SELECT cutter.governance_fault()

-- name: documents
SELECT cutter.text_digest(coalesce(string_agg(row_to_json(part)::text, E'\n' ORDER BY ref, version), '')) FROM (
    SELECT d.document_ref AS ref, d.version, cutter.text_digest(d.source_text) AS text, d.source_digest,
           d.grammar_digest, before.version AS supersedes
    FROM cutter.document d LEFT JOIN cutter.document before ON before.document_id = d.supersedes) part

-- name: units
SELECT cutter.text_digest(coalesce(string_agg(row_to_json(part)::text, E'\n' ORDER BY ref, version, unit_ref), '')) FROM (
    SELECT d.document_ref AS ref, d.version, u.unit_ref, u.ordinal, u.unit_kind, u.section_type, u.title,
           cutter.text_digest(u.body) AS body, u.body_hash, u.owner_ref, p.unit_ref AS parent
    FROM cutter.information_unit u JOIN cutter.document d USING (document_id)
    LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id) part

-- name: cuts
SELECT cutter.text_digest(coalesce(string_agg(row_to_json(part)::text, E'\n' ORDER BY ref, version), '')) FROM (
    SELECT d.document_ref AS ref, d.version, c.pin, c.unit_count, c.writer_digest,
           c.recorded IS NOT NULL AS recorded, c.verified IS NOT NULL AS verified
    FROM cutter.cut c JOIN cutter.document d USING (document_id)) part

-- name: lifecycle
SELECT cutter.text_digest(coalesce(string_agg(row_to_json(part)::text, E'\n' ORDER BY ref, version), '')) FROM (
    SELECT d.document_ref AS ref, d.version, l.state, l.effective, later.version AS superseded_by
    FROM cutter.lifecycle l JOIN cutter.document d USING (document_id)
    LEFT JOIN cutter.document later ON later.document_id = l.superseded_by) part
