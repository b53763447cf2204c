-- Each statement has a name; cutter/cut/reading.py runs them by it.

-- name: installed
SELECT to_regnamespace('cutter')::text

-- name: cut
SELECT c.cut_id, c.document_id, c.pin, seen.writer_digest, array_remove(ARRAY[
    CASE WHEN c.unit_count <> seen.unit_count THEN 'unit_count' END,
    CASE WHEN c.writer_digest <> seen.writer_digest THEN 'writer_digest' END,
    CASE WHEN seen.body_hash_match_count <> seen.unit_count THEN 'body_hash' END,
    CASE WHEN (SELECT r.body::json ->> 'writer_digest' FROM cutter.governance_record r
               WHERE r.seq = c.recorded AND r.kind = 'cut') IS DISTINCT FROM seen.writer_digest THEN 'record' END,
    CASE WHEN (SELECT r.body::json ->> 'writer_digest' FROM cutter.governance_record r
               WHERE r.seq = c.verified AND r.kind = 'verify') IS DISTINCT FROM seen.writer_digest THEN 'verdict' END
], NULL)
FROM cutter.cut c JOIN cutter.document d USING (document_id) CROSS JOIN LATERAL cutter.cut_measures(c.document_id) seen
WHERE d.document_ref = %s AND d.version = %s

-- name: section_types
SELECT u.section_type, count(*) FROM cutter.information_unit u WHERE u.document_id = %s
GROUP BY u.section_type ORDER BY min(u.ordinal)

-- name: units
SELECT u.unit_ref, u.ordinal, u.unit_kind, u.section_type, u.title, u.owner_ref, p.unit_ref, cutter.text_digest(u.body),
    u.body_hash
FROM cutter.information_unit u LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id
WHERE u.document_id = %s ORDER BY u.ordinal
