-- Who may approve, which approvals were used, and the one way to turn the kill switch on.

CREATE TABLE cutter.authority (
    seq         bigint PRIMARY KEY CHECK (seq > 0),
    digest      text NOT NULL CHECK (digest <> ''),
    content     text NOT NULL CHECK (content::json IS NOT NULL),
    approved_by text NOT NULL,
    run         text NOT NULL,
    since       timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cutter.authority IS
'Who may approve, as it was pinned; the newest counts. seq is the number of the governance record about it.';

CREATE TABLE cutter.approval_use (
    nonce             text PRIMARY KEY CHECK (nonce <> ''),
    request_digest    text NOT NULL CHECK (request_digest <> ''),
    run               text NOT NULL UNIQUE,
    database_identity text NOT NULL DEFAULT cutter.database_identity(),
    authority         text NOT NULL,
    signed_by         text NOT NULL CHECK (signed_by <> ''),
    expires           timestamptz NOT NULL CHECK (isfinite(expires)),
    revert_until      timestamptz NOT NULL CHECK (isfinite(revert_until)),
    used_at           timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cutter.approval_use IS 'Every approval that turned the switch on, for ever: none does so twice, and no run has two.';

CREATE FUNCTION cutter.authority_in_force() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.digest FROM cutter.authority a ORDER BY a.seq DESC LIMIT 1
$$;
COMMENT ON FUNCTION cutter.authority_in_force IS 'The digest of who may approve; NULL where nobody was pinned.';

CREATE FUNCTION cutter.fn_authority_pin(p_digest text, p_content text, p_replaces text, p_approved_by text, p_run text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint := cutter.governance_append('authority', p_run, json_build_object(
        'authority', p_digest, 'replaces', p_replaces, 'approved_by', p_approved_by)); -- others wait from here on
BEGIN
    IF cutter.authority_in_force() IS DISTINCT FROM p_replaces THEN
        RAISE EXCEPTION 'the authority in force is %, not %', coalesce(cutter.authority_in_force(), 'none'),
            coalesce(p_replaces, 'none') USING ERRCODE = 'CT020';
    END IF;
    INSERT INTO cutter.authority (seq, digest, content, approved_by, run)
    VALUES (number, p_digest, p_content, p_approved_by, p_run);
    RETURN number;
END $$;
COMMENT ON FUNCTION cutter.fn_authority_pin IS
'Pin who may approve from now on, in the place of what was in force (NULL for the first). The owner alone calls it, and has judged the signatures under what it replaces: no database can.';

CREATE FUNCTION cutter.switch_account(the cutter.kill_switch, p_turn text, p_by text) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object('turn', p_turn, 'by', p_by, 'database', the.database_identity, 'lease', the.lease,
        'request', the.request_digest, 'inverse_of', the.inverse_of)
$$;

CREATE FUNCTION cutter.fn_switch_off(p_run text DEFAULT NULL) RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE cutter.kill_switch s SET turned_off_by = session_user, turned_off_at = clock_timestamp()
    WHERE (p_run IS NULL OR s.run = p_run) AND s.turned_off_at IS NULL AND s.lease > clock_timestamp()
    AND (s.holder_pid = pg_backend_pid() OR cutter.switch_holds(s.run, s.inverse_of)) -- no session sees its own lock held
    RETURNING s.run
$$;
COMMENT ON FUNCTION cutter.fn_switch_off IS
'Turn the switch off for a run, or for all, at once: what is under way fails at its next statement, and at its commit. Waits for nobody; fn_switch_settle writes the record. The runs it was turned off for.';

CREATE FUNCTION cutter.fn_switch_settle() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended cutter.kill_switch;
    settled integer := 0;
BEGIN
    FOR ended IN SELECT s.* FROM cutter.kill_switch s
        WHERE cutter.switch_holds(s.run, s.inverse_of) IS NOT TRUE FOR UPDATE SKIP LOCKED LOOP
        PERFORM cutter.governance_append('switch', ended.run,
            cutter.switch_account(ended, 'off', coalesce(ended.turned_off_by, 'lapsed')));
        DELETE FROM cutter.kill_switch s WHERE s.run = ended.run;
        settled := settled + 1;
    END LOOP;
    RETURN settled;
END $$;
COMMENT ON FUNCTION cutter.fn_switch_settle IS
'Record every turn off that has no record yet: by whom, or that it lapsed with its holder or its lease. How many there were.';

CREATE FUNCTION cutter.hold_switch(p_switch cutter.kill_switch) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_switch.lease NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '4 hours' THEN
        RAISE EXCEPTION 'the lease ends %, and it must end within 4 hours', p_switch.lease USING ERRCODE = 'CT015';
    END IF;
    PERFORM cutter.fn_switch_settle();
    IF EXISTS (SELECT FROM cutter.kill_switch s WHERE s.run = p_switch.run) THEN
        RAISE EXCEPTION 'another session holds the switch on for run %', p_switch.run USING ERRCODE = 'CT015';
    ELSIF NOT pg_try_advisory_lock(p_switch.lock_key) THEN
        RAISE EXCEPTION 'the lock of the switch could not be taken' USING ERRCODE = 'CT015';
    END IF;
    p_switch.database_identity := cutter.database_identity();
    p_switch.holder_pid := pg_backend_pid();
    p_switch.turned_on_at := clock_timestamp();
    INSERT INTO cutter.kill_switch SELECT p_switch.*;
    PERFORM cutter.governance_append('switch', p_switch.run, cutter.switch_account(p_switch, 'on', p_switch.turned_on_by));
END $$;

CREATE FUNCTION cutter.fn_switch_on(
    p_run text, p_seconds integer, p_lock_key bigint, p_database text, p_request_digest text, p_nonce text,
    p_authority_digest text, p_signed_by text, p_expires timestamptz, p_revert_until timestamptz,
    p_break_glass text DEFAULT ''
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    switch cutter.kill_switch;
    used_by text;
BEGIN
    IF p_database IS DISTINCT FROM cutter.database_identity() THEN
        RAISE EXCEPTION 'the approval is for %, and this is %', p_database, cutter.database_identity()
        USING ERRCODE = 'CT015';
    ELSIF cutter.authority_in_force() IS DISTINCT FROM p_authority_digest THEN
        RAISE EXCEPTION 'the approval was judged under another authority than the one pinned in the database'
        USING ERRCODE = 'CT015', DETAIL = format('pinned: %s', coalesce(cutter.authority_in_force(), 'none'));
    ELSIF p_expires <= clock_timestamp() THEN
        RAISE EXCEPTION 'the approval expired at %', p_expires USING ERRCODE = 'CT015';
    ELSIF p_break_glass <> '' AND p_seconds > 900 THEN
        RAISE EXCEPTION 'who approves alone has the switch on for 15 minutes at most' USING ERRCODE = 'CT015';
    END IF;
    INSERT INTO cutter.approval_use AS u
        (nonce, request_digest, run, authority, signed_by, expires, revert_until)
    VALUES (p_nonce, p_request_digest, p_run, p_authority_digest, p_signed_by, p_expires, p_revert_until)
    ON CONFLICT DO NOTHING RETURNING u.run INTO used_by;
    IF NOT FOUND THEN
        SELECT u.run INTO used_by FROM cutter.approval_use u WHERE u.nonce = p_nonce OR u.run = p_run LIMIT 1;
        RAISE EXCEPTION 'the approval was used by run %; it is for one run', used_by USING ERRCODE = 'CT015';
    END IF;
    switch.run := p_run;
    switch.lease := clock_timestamp() + p_seconds * interval '1 second';
    switch.lock_key := p_lock_key;
    switch.turned_on_by := p_signed_by;
    switch.request_digest := p_request_digest;
    PERFORM cutter.hold_switch(switch);
    IF p_break_glass <> '' THEN
        PERFORM cutter.governance_append('break-glass', p_run, json_build_object(
            'reason', p_break_glass, 'request', p_request_digest, 'signed_by', p_signed_by));
    END IF;
    RETURN switch.lease;
END $$;
COMMENT ON FUNCTION cutter.fn_switch_on IS
'Turn the switch on for one run until a moment: under the pinned authority, by an approval for this database that was never used. The session that calls it holds it on. Returns when it goes off by itself.';

CREATE FUNCTION cutter.fn_inverse_until(p_cut_id bigint) RETURNS TABLE (run text, revert_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT u.run, u.revert_until FROM cutter.cut c JOIN cutter.approval_use u ON u.run = c.run
    WHERE c.cut_id = p_cut_id AND u.database_identity = cutter.database_identity()
$$;
COMMENT ON FUNCTION cutter.fn_inverse_until IS
'Which approved run made a cut, and until when its approval allows the inverse. No row for a cut that is gone, or that no approval of this database made: the number of a cut is never given twice, so neither is its inverse.';

CREATE FUNCTION cutter.fn_switch_on_for_inverse(
    p_run text, p_cut_id bigint, p_seconds integer, p_lock_key bigint, p_database text
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    switch cutter.kill_switch;
    permit record;
BEGIN
    SELECT i.* INTO permit FROM cutter.fn_inverse_until(p_cut_id) i;
    IF p_database IS DISTINCT FROM cutter.database_identity() THEN
        RAISE EXCEPTION 'the inverse is for %, and this is %', p_database, cutter.database_identity()
        USING ERRCODE = 'CT015';
    ELSIF permit.run IS NULL THEN
        RAISE EXCEPTION 'no approval made cut %, or it is gone', p_cut_id USING ERRCODE = 'CT015';
    ELSIF permit.revert_until <= clock_timestamp() THEN
        RAISE EXCEPTION 'the approval of cut % allowed its inverse until %', p_cut_id, permit.revert_until
        USING ERRCODE = 'CT015';
    ELSIF EXISTS (SELECT FROM cutter.approval_use u WHERE u.run = p_run) THEN
        RAISE EXCEPTION 'run % has an approval of its own', p_run USING ERRCODE = 'CT015';
    END IF;
    switch.run := p_run;
    switch.lease := clock_timestamp() + p_seconds * interval '1 second';
    switch.lock_key := p_lock_key;
    switch.turned_on_by := format('the approval of run %s', permit.run);
    switch.inverse_of := p_cut_id;
    PERFORM cutter.hold_switch(switch);
    RETURN switch.lease;
END $$;
COMMENT ON FUNCTION cutter.fn_switch_on_for_inverse IS
'Turn the switch on for a run that takes back one cut, and may do nothing else, while the approval of that cut allows it.';

CREATE FUNCTION cutter.fn_switch_status() RETURNS TABLE (
    run text, is_on boolean, until timestamptz, turned_on_by text, turned_on_at timestamptz, inverse_of bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.run, cutter.switch_holds(s.run, s.inverse_of), s.lease, s.turned_on_by, s.turned_on_at, s.inverse_of
    FROM cutter.kill_switch s ORDER BY s.turned_on_at
$$;
COMMENT ON FUNCTION cutter.fn_switch_status IS 'Every row of the switch, and whether it is on at this moment.';

CREATE TRIGGER authority_rows BEFORE UPDATE OR DELETE ON cutter.authority
    FOR EACH ROW EXECUTE FUNCTION cutter.append_only();
CREATE TRIGGER authority_whole BEFORE UPDATE OR DELETE OR TRUNCATE ON cutter.authority
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.append_only();
CREATE TRIGGER approval_use_rows BEFORE UPDATE OR DELETE ON cutter.approval_use
    FOR EACH ROW EXECUTE FUNCTION cutter.append_only();
CREATE TRIGGER approval_use_whole BEFORE UPDATE OR DELETE OR TRUNCATE ON cutter.approval_use
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.append_only();

REVOKE ALL ON cutter.authority, cutter.approval_use FROM cutter_owner;
GRANT SELECT, INSERT ON cutter.authority, cutter.approval_use TO cutter_owner;

GRANT EXECUTE ON FUNCTION cutter.fn_switch_on, cutter.fn_switch_on_for_inverse TO cutter_authoriser;
GRANT EXECUTE ON FUNCTION cutter.fn_switch_off, cutter.fn_switch_settle, cutter.fn_switch_status TO
    cutter_authoriser, cutter_cut, cutter_governance, cutter_verify, cutter_reader, cutter_enact, cutter_backup;
GRANT EXECUTE ON FUNCTION cutter.fn_inverse_until TO cutter_reader, cutter_enact, cutter_authoriser;
GRANT SELECT ON cutter.authority, cutter.approval_use TO cutter_reader, cutter_backup;
