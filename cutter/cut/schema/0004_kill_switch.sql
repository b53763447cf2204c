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
    turned_on_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_digest    text,
    inverse_of        bigint,
    turned_off_by     text,
    turned_off_at     timestamptz,
    CHECK ((turned_off_by IS NULL) = (turned_off_at IS NULL))
);
COMMENT ON TABLE cutter.kill_switch IS
'Who holds the switch on for which run. A row alone turns nothing on: its holder''s session must hold the lock, now.';
COMMENT ON COLUMN cutter.kill_switch.inverse_of IS 'The one cut that may be taken back under this row, and nothing else be written; NULL for a run that may write.';
COMMENT ON COLUMN cutter.kill_switch.turned_off_by IS 'Who turned it off; the row stays until the record says so, which must not keep anybody waiting.';

CREATE FUNCTION cutter.switch_is_on(p_run text, p_cut_id bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    switch cutter.kill_switch;
BEGIN
    SELECT s.* INTO switch FROM cutter.kill_switch s WHERE s.run = p_run;
    IF NOT FOUND OR switch.turned_off_at IS NOT NULL
        OR (switch.inverse_of IS NOT NULL AND switch.inverse_of IS DISTINCT FROM p_cut_id)
        OR switch.lease <= clock_timestamp() THEN -- now() stands still within a transaction
        RETURN false;
    END IF;
    IF pg_try_advisory_lock_shared(switch.lock_key) THEN -- nobody else holds it
        PERFORM pg_advisory_unlock_shared(switch.lock_key);
        RETURN false;
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION cutter.switch_is_on IS
'Whether the switch is on for a run at this moment: its row is there, has not run out, and another session holds its lock. A row for an inverse is on for the removal of that very cut alone. Cheap enough to be asked for every row.';

CREATE FUNCTION cutter.switch_holds(p_run text, p_cut_id bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN cutter.switch_is_on(p_run, p_cut_id) AND EXISTS (
        SELECT FROM cutter.kill_switch s
        JOIN pg_database d ON d.datname = current_database()
        JOIN pg_locks l ON l.database = d.oid AND l.pid = s.holder_pid
        WHERE s.run = p_run AND s.database_identity = cutter.database_identity()
          AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted
          AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = s.lock_key
    );
END $$;
COMMENT ON FUNCTION cutter.switch_holds IS
'The whole look, ten times as dear: also that the row was made for this database, and that it is its own holder who holds the lock. For the first line of a leg and for its commit.';

CREATE FUNCTION cutter.switch_at_commit() RETURNS trigger -- a commit runs as the login, which has no rights of its own
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cutter.switch_holds(NEW.run, (SELECT s.inverse_of FROM cutter.kill_switch s WHERE s.run = NEW.run))
        IS NOT TRUE THEN -- what was to be written under it, the writing function has asked
        RAISE EXCEPTION 'the kill switch went off for run % before its commit', NEW.run USING ERRCODE = 'CT016';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION cutter.switch_at_commit IS
'For deferred constraint triggers on tables with a column run: a run whose switch went off before its commit does not commit.';
