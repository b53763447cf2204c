-- Each statement has a name; cutter/cut/compensation.py runs them by it.

-- name: cuts
SELECT c.cut_id, d.document_ref, d.version, c.run, c.pin, c.unit_count, c.writer_digest, l.state
FROM cutter.cut c JOIN cutter.document d USING (document_id) JOIN cutter.lifecycle l USING (document_id)
ORDER BY c.cut_id

-- name: cut
SELECT c.cut_id, d.document_ref, d.version, c.run, c.pin, c.unit_count, c.writer_digest, l.state
FROM cutter.cut c JOIN cutter.document d USING (document_id) JOIN cutter.lifecycle l USING (document_id)
WHERE c.cut_id = %s

-- name: section_types
SELECT u.section_type, count(*) FROM cutter.information_unit u JOIN cutter.cut c USING (document_id)
WHERE c.cut_id = %s GROUP BY u.section_type ORDER BY min(u.ordinal)

-- name: units
SELECT u.unit_ref, u.title FROM cutter.information_unit u JOIN cutter.cut c USING (document_id)
WHERE c.cut_id = %s ORDER BY u.ordinal LIMIT %s

-- name: restores
SELECT (SELECT d.version FROM cutter.cut c JOIN cutter.lifecycle l ON l.superseded_by = c.document_id
        JOIN cutter.document d ON d.document_id = l.document_id WHERE c.cut_id = %s)

-- name: dependants
SELECT kind, what FROM cutter.cut_dependants(%s)

-- name: record
SELECT r.run, (r.body::json ->> 'document_ref'), (r.body::json ->> 'version')::integer
FROM cutter.governance_record r
WHERE r.kind = 'compensation' AND r.body::json ->> 'of' = 'cut' AND (r.body::json ->> 'cut')::bigint = %s

-- name: left_over
SELECT count(*) FROM cutter.information_unit u JOIN cutter.document d USING (document_id)
WHERE d.document_ref = %s AND d.version = %s

-- name: compensate
SELECT removed, was, restored FROM cutter.fn_cut_compensate(%s, %s)
