-- Each statement has a name; cutter/cut/documents.py runs them by it.

-- name: load
SELECT status, document_id FROM cutter.fn_document_create(%s, %s, convert_from(%s, 'UTF8'), %s, %s, %s, %s)

-- name: remove
SELECT cutter.fn_document_remove(%s, %s, %s)

-- name: stored
SELECT d.source_digest, d.grammar_digest, before.version, d.created_run
FROM cutter.document d LEFT JOIN cutter.document before ON before.document_id = d.supersedes
WHERE d.document_ref = %s AND d.version = %s

-- name: dependants
SELECT c.cut_id IS NOT NULL, later.version
FROM cutter.document d LEFT JOIN cutter.cut c USING (document_id)
LEFT JOIN cutter.document later ON later.supersedes = d.document_id
WHERE d.document_ref = %s AND d.version = %s
