-- name: take
SELECT pg_catalog.pg_try_advisory_lock(%s)
-- name: turn_on
INSERT INTO cutter.kill_switch (run, lease, holder_pid, lock_key, turned_on_by)
VALUES (%s, pg_catalog.clock_timestamp() + %s * interval '1 second', pg_catalog.pg_backend_pid(), %s, %s)
ON CONFLICT (run) DO NOTHING
-- name: forget_dead
DELETE FROM cutter.kill_switch WHERE run = %s AND NOT cutter.switch_holds(run)
-- name: turn_off
DELETE FROM cutter.kill_switch WHERE run = %s AND lock_key = %s
-- name: let_go
SELECT pg_catalog.pg_advisory_unlock(%s)
-- name: is_on
SELECT cutter.switch_holds(%s)
