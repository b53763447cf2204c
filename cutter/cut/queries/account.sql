-- Each statement has a name; cutter/cut/account.py runs them by it.

-- name: fault
SELECT cutter.governance_fault()

-- name: recorded
SELECT r.kind FROM cutter.document d JOIN cutter.cut c USING (document_id) JOIN cutter.lifecycle l USING (document_id)
JOIN cutter.governance_record r ON (r.seq, r.kind, r.run) IN (
    (c.recorded, 'cut', c.run), (c.verified, 'verify', c.run))
    OR (r.kind, r.run) = ('enact', l.changed_run)
    AND (r.body::json ->> 'document_ref', (r.body::json ->> 'version')::integer) = (d.document_ref, d.version)
WHERE d.document_ref = %s AND d.version = %s ORDER BY r.seq

-- name: switched_on
SELECT run FROM cutter.fn_switch_status() WHERE is_on ORDER BY run
