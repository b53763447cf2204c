-- Each statement has a name; cutter/cut/reading.py runs them by it.

-- name: installed
SELECT to_regnamespace('cutter')::text

-- name: cut
SELECT c.cut_id, c.document_id, c.pin, (cutter.cut_measures(c.document_id)).writer_digest
FROM cutter.cut c JOIN cutter.document d USING (document_id) WHERE d.document_ref = %s AND d.version = %s

-- name: section_types
SELECT u.section_type, count(*) FROM cutter.information_unit u WHERE u.document_id = %s
GROUP BY u.section_type ORDER BY min(u.ordinal)

-- name: units
SELECT u.unit_ref, u.ordinal, u.unit_kind, u.section_type, u.title, u.owner_ref, p.unit_ref, cutter.text_digest(u.body)
FROM cutter.information_unit u LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id
WHERE u.document_id = %s ORDER BY u.ordinal
