-- Each statement has a name; cutter/cut/documents.py runs them by it.

-- name: stage
CREATE TEMPORARY TABLE cutter_text (ord integer, portion bytea) ON COMMIT DROP

-- name: plain
ALTER TABLE pg_temp.cutter_text ALTER portion SET STORAGE EXTERNAL -- it is gone too soon to be worth compressing

-- name: portion
INSERT INTO pg_temp.cutter_text (ord, portion) VALUES (%s, %s)

-- name: load
SELECT status, document_id FROM cutter.fn_document_create(
    %s, %s, (SELECT convert_from(string_agg(t.portion, '' ORDER BY t.ord), 'UTF8') FROM pg_temp.cutter_text t),
    %s, %s, %s, %s)

-- name: drop
DROP TABLE pg_temp.cutter_text

-- name: remove
SELECT cutter.fn_document_remove(%s, %s, %s)

-- name: stored
SELECT d.source_digest, d.grammar_digest, before.version, d.created_run,
       coalesce(cutter.text_digest(d.source_text), d.source_digest)
FROM cutter.document d LEFT JOIN cutter.document before ON before.document_id = d.supersedes
WHERE d.document_ref = %s AND d.version = %s

-- name: dependants
SELECT c.cut_id IS NOT NULL, later.version
FROM cutter.document d LEFT JOIN cutter.cut c USING (document_id)
LEFT JOIN cutter.document later ON later.supersedes = d.document_id
WHERE d.document_ref = %s AND d.version = %s
