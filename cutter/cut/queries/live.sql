-- Each statement has a name; cutter/cut/live.py and cutter/cut/reading.py run them by it.

-- name: text
SELECT d.document_id, d.version, d.source_text, d.source_digest FROM cutter.document d
WHERE d.document_ref = %s AND d.version = coalesce(%s::integer, d.version)
ORDER BY d.version DESC LIMIT 1

-- name: open
DECLARE cutter_live NO SCROLL CURSOR FOR
SELECT u.unit_kind, u.section_type, u.title, u.body, u.unit_ref, p.unit_ref
FROM cutter.information_unit u LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id
WHERE u.owner_ref = %s AND u.document_id = coalesce(%s::bigint, u.document_id) -- all of them, where no version is known
ORDER BY u.ordinal

-- name: next
FETCH 1000 FROM cutter_live

-- name: close
CLOSE cutter_live
