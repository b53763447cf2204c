-- Each statement has a name; cutter/cut/adapter.py and cutter/cut/recorders.py run them by it.

-- name: open
SELECT status, cut_id, document_id FROM cutter.fn_cut_open(%s, %s, %s, %s, %s, %s, %s, %s)

-- name: stage
CREATE TEMPORARY TABLE cutter_stage (
    ord integer, unit_ref text, unit_kind text, section_type text, title text, body text, owner_ref text,
    parent_ref text, body_hash text
) ON COMMIT DROP

-- name: fill
COPY pg_temp.cutter_stage FROM STDIN

-- name: create
SELECT count(*) FILTER (WHERE made.status = 'created'), count(*) FILTER (WHERE made.status = 'exists')
FROM (SELECT * FROM pg_temp.cutter_stage ORDER BY ord OFFSET 0) s -- OFFSET 0 keeps parents before their children
CROSS JOIN LATERAL cutter.fn_iu_create(%s, s.unit_ref, s.ord, s.unit_kind, s.section_type, s.title, s.body,
                                       s.owner_ref, s.parent_ref, s.body_hash, %s) made

-- name: tell
SELECT set_config('cutter.tells', 'on', true)

-- name: drop
DROP TABLE pg_temp.cutter_stage

-- name: record
SELECT cutter.fn_cut_record(%s, %s, %s::jsonb, %s)

-- name: verified
SELECT cutter.fn_cut_verified(%s, %s, %s, %s)

