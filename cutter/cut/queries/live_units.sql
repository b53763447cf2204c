-- The rows of a document as they stand, each with the address of its parent.
SELECT unit.unit_kind, unit.section_type, unit.title, unit.body, unit.unit_ref, parent.unit_ref
FROM cutter.information_unit AS unit
LEFT JOIN cutter.information_unit AS parent ON parent.unit_id = unit.parent_id
WHERE unit.owner_ref = %(document_ref)s
ORDER BY unit.ordinal
