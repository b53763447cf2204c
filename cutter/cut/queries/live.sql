-- Each statement has a name; cutter/cut/live.py and cutter/cut/reading.py run them by it.

-- name: version
SELECT d.document_id, d.version, d.source_text IS NULL, d.source_digest FROM cutter.document d
WHERE d.document_ref = %s AND d.version = coalesce(%s::integer, d.version)
ORDER BY d.version DESC LIMIT 1

-- name: text
DECLARE cutter_text NO SCROLL CURSOR FOR -- in portions: a client would hold a whole text three times over
SELECT substring(whole.content FROM first FOR 262144)
FROM (SELECT convert_to(d.source_text, 'UTF8') AS content FROM cutter.document d WHERE d.document_id = %s OFFSET 0) whole
CROSS JOIN LATERAL generate_series(1, length(whole.content), 262144) first

-- name: portion
FETCH 4 FROM cutter_text

-- name: read
CLOSE cutter_text

-- name: open
DECLARE cutter_live NO SCROLL CURSOR FOR
SELECT coalesce(u.unit_kind, ''), coalesce(u.section_type, ''), coalesce(u.title, ''), coalesce(u.body, ''),
       coalesce(u.unit_ref, ''), p.unit_ref
FROM cutter.information_unit u LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id
WHERE u.owner_ref = %s AND coalesce(u.document_id, 0) = coalesce(%s::bigint, u.document_id, 0)
ORDER BY u.ordinal, u.unit_id

-- name: next
FETCH 1000 FROM cutter_live

-- name: close
CLOSE cutter_live
