-- Each statement has a name; cutter/cut/committing.py runs them by it.

-- name: transaction
SELECT pg_current_xact_id_if_assigned()::text

-- name: end_of
SELECT pg_xact_status(%s::xid8)

-- name: cut
SELECT EXISTS (SELECT FROM cutter.governance_record r WHERE r.seq = %s AND r.kind = 'verify'
               AND (r.body::json ->> 'cut')::bigint = %s AND r.body::json ->> 'writer_digest' = %s)

-- name: enacted
SELECT EXISTS (SELECT FROM cutter.governance_record r WHERE r.run = %s AND r.kind = 'enact'
               AND r.body::json ->> 'document_ref' = %s AND (r.body::json ->> 'version')::integer = %s
               AND (r.body::json ->> 'effective_from')::date = %s)
