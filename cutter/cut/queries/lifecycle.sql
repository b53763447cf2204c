-- Each statement has a name; cutter/cut/lifecycle.py runs them by it.

-- name: standing
SELECT l.state, lower(l.effective), upper(l.effective), coalesce(NOT isempty(l.effective), false)
FROM cutter.document d JOIN cutter.lifecycle l USING (document_id)
WHERE d.document_ref = %s AND d.version = %s

-- name: in_force
SELECT cutter.version_in_force(%s, %s)

-- name: enact
SELECT cutter.fn_lifecycle_enact(%s, %s, %s, %s)

-- name: revoke
SELECT cutter.fn_lifecycle_revoke(%s, %s, %s, %s)

-- name: undo
SELECT cutter.fn_lifecycle_undo(%s, %s, %s)
