-- What a backup must be allowed to lock, so that it can leave it out: whoever dumps a schema locks all its tables.

GRANT SELECT ON cutter.kill_switch TO cutter_backup;
GRANT USAGE ON SCHEMA cutter_proof TO cutter_backup;
GRANT SELECT ON cutter_proof.rollback_only TO cutter_backup;

-- Who may take on every role commits nothing, whether it armed the guard or not, and whatever the switch says.

CREATE FUNCTION cutter_proof.refuse_rehearsal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
               WHERE m.roleid = 'cutter_rehearsal'::regrole AND r.rolname = session_user) THEN
        RAISE EXCEPTION 'the login % only rehearses: what it did may only be rolled back', session_user
        USING ERRCODE = 'CT013';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION cutter_proof.refuse_rehearsal IS
'Whatever is written leaves a governance record; a direct member of cutter_rehearsal cannot commit one.';

GRANT TRIGGER ON cutter.governance_record TO cutter_owner; -- for this one alone: see 0005
CREATE CONSTRAINT TRIGGER rollback_only AFTER INSERT ON cutter.governance_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cutter_proof.refuse_rehearsal();
REVOKE TRIGGER ON cutter.governance_record FROM cutter_owner;
