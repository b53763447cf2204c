-- name: take
SELECT pg_catalog.pg_try_advisory_lock(%s)
-- name: turn_on
INSERT INTO cutter.kill_switch (run, lease, holder_pid, lock_key, turned_on_by)
VALUES (%s, pg_catalog.clock_timestamp() + %s * interval '1 second', pg_catalog.pg_backend_pid(), %s, %s)
ON CONFLICT (run) DO NOTHING
-- name: forget_dead
DELETE FROM cutter.kill_switch WHERE run = %s AND NOT cutter.switch_holds(run, inverse_of)
-- name: turn_off
DELETE FROM cutter.kill_switch WHERE run = %s AND lock_key = %s
-- name: let_go
SELECT pg_catalog.pg_advisory_unlock(%s)
-- name: is_on
SELECT cutter.switch_holds(%s, %s)
-- name: patience
SELECT pg_catalog.set_config('idle_session_timeout', %s, false), pg_catalog.set_config('tcp_keepalives_idle', '10', false),
    pg_catalog.set_config('tcp_keepalives_interval', '5', false), pg_catalog.set_config('tcp_keepalives_count', '3', false)
-- name: authorised
SELECT cutter.fn_switch_on(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
-- name: inverse
SELECT cutter.fn_switch_on_for_inverse(%s, %s, %s, %s, %s)
-- name: inverse_until
SELECT run, revert_until FROM cutter.fn_inverse_until(%s)
-- name: off
SELECT cutter.fn_switch_off(%s)
-- name: settle
SELECT cutter.fn_switch_settle()
-- name: status
SELECT run, is_on, until, turned_on_by, turned_on_at, inverse_of FROM cutter.fn_switch_status()
-- name: installed
SELECT pg_catalog.to_regclass('cutter.approval_use') IS NOT NULL
-- name: used_by
SELECT run FROM cutter.approval_use WHERE nonce = %s
