-- The rows of a document as they stand, each with the address of its parent; of one version, where it is known.
SELECT unit.unit_kind, unit.section_type, unit.title, unit.body, unit.unit_ref, parent.unit_ref
FROM cutter.information_unit AS unit
LEFT JOIN cutter.information_unit AS parent ON parent.unit_id = unit.parent_id
WHERE unit.owner_ref = %(document_ref)s
  AND unit.document_id = coalesce(%(document_id)s::bigint, unit.document_id)
ORDER BY unit.ordinal
