-- A transaction that can only be rolled back: a deferred constraint trigger that raises on any commit.
-- Whoever is being proved must not own any of this, or it could take it away.

RESET ROLE; -- a schema is the login's to make
CREATE SCHEMA cutter_proof AUTHORIZATION cutter_owner;
SET LOCAL ROLE cutter_owner;

CREATE TABLE cutter_proof.rollback_only (xid xid8 NOT NULL);
COMMENT ON TABLE cutter_proof.rollback_only IS 'Always empty: a transaction that writes here cannot commit.';

CREATE FUNCTION cutter_proof.refuse_commit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'this transaction may only be rolled back' USING ERRCODE = 'CT013';
END $$;

CREATE CONSTRAINT TRIGGER rollback_only AFTER INSERT ON cutter_proof.rollback_only
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cutter_proof.refuse_commit();

CREATE FUNCTION cutter_proof.arm() RETURNS xid8
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO cutter_proof.rollback_only AS r (xid) VALUES (pg_current_xact_id()) RETURNING r.xid
$$;
COMMENT ON FUNCTION cutter_proof.arm IS 'From here on this transaction can only be rolled back. Returns its number.';

CREATE FUNCTION cutter_proof.run(p_statement text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    touched bigint;
BEGIN
    EXECUTE p_statement;
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN touched;
END $$;
COMMENT ON FUNCTION cutter_proof.run IS
'Run a statement of foreign text with the caller''s rights, where PostgreSQL refuses whatever would end the transaction. Returns the rows touched.';
