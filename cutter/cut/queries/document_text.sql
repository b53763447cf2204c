-- The stored text of one version of a document; of its newest version where none is named.
SELECT document_id, version, source_text, source_digest
FROM cutter.document
WHERE document_ref = %(document_ref)s
  AND version = coalesce(%(version)s::integer, version)
ORDER BY version DESC
LIMIT 1
