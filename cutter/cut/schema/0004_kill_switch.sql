-- The kill switch: off unless somebody holds it on, for one run, on this database, until a moment in time.

CREATE FUNCTION cutter.database_identity() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('postgresql:%s:%s:%s', control.system_identifier, own.oid, own.datname)
    FROM pg_control_system() control, pg_database own WHERE own.datname = current_database()
$$;
COMMENT ON FUNCTION cutter.database_identity IS 'What a copy of this database does not have, be it under another name or on another server.';

CREATE TABLE cutter.kill_switch (
    run               text PRIMARY KEY CHECK (run ~ '^[A-Za-z0-9._:-]+$'),
    database_identity text NOT NULL DEFAULT cutter.database_identity(),
    lease             timestamptz NOT NULL CHECK (isfinite(lease)),
    holder_pid        integer NOT NULL,
    lock_key          bigint NOT NULL UNIQUE,
    turned_on_by      text NOT NULL CHECK (turned_on_by <> ''),
    turned_on_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cutter.kill_switch IS
'Who holds the switch on for which run. A row alone turns nothing on: its holder''s session must hold the lock, now.';

CREATE FUNCTION cutter.switch_is_on(p_run text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    switch cutter.kill_switch;
BEGIN
    SELECT s.* INTO switch FROM cutter.kill_switch s WHERE s.run = p_run;
    RETURN FOUND
        AND switch.lease > clock_timestamp() -- now() stands still within a transaction
        AND switch.database_identity = cutter.database_identity()
        AND EXISTS (
            SELECT FROM pg_locks l
            WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted
              AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
              AND l.objsubid = 1 AND l.pid = switch.holder_pid
              AND (l.classid::bigint << 32 | l.objid::bigint) = switch.lock_key
        );
END $$;
COMMENT ON FUNCTION cutter.switch_is_on IS
'Whether the switch is on for a run at this moment: its row is there, is this database''s, has not run out, and its holder lives.';

CREATE FUNCTION cutter.switch_at_commit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM cutter.require_switch(NEW.run);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION cutter.switch_at_commit IS
'For deferred constraint triggers: a run whose switch went off before its commit does not commit.';
