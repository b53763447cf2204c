-- What was decided and done, appended only. Each record holds the hash of the one before it.

CREATE TABLE cutter.governance_record (
    seq   bigint PRIMARY KEY CHECK (seq > 0),
    prev  text NOT NULL UNIQUE,
    hash  text NOT NULL UNIQUE,
    kind  text NOT NULL CHECK (kind ~ '^[a-z][a-z-]*$'),
    run   text NOT NULL CHECK (run ~ '^[A-Za-z0-9._:-]+$'),
    actor text NOT NULL CHECK (actor !~ '\n'),
    at    timestamptz NOT NULL,
    body  text NOT NULL CHECK (body::json IS NOT NULL)
);
COMMENT ON COLUMN cutter.governance_record.body IS 'JSON as it was written, byte for byte: the hash covers these bytes.';

CREATE TABLE cutter.governance_head (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    seq     bigint NOT NULL,
    hash    text NOT NULL
);
COMMENT ON TABLE cutter.governance_head IS 'Where the chain ends. Its row lock makes appenders wait for each other.';
INSERT INTO cutter.governance_head (seq, hash) VALUES (0, '');

CREATE FUNCTION cutter.governance_hash(
    p_seq bigint, p_prev text, p_kind text, p_run text, p_actor text, p_at timestamptz, p_body text
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE -- to_char is not immutable; for these two formats it might as well be
RETURN cutter.text_digest(concat_ws(E'\n', 'cutter.governance.v1', p_seq, p_prev, p_kind, p_run, p_actor,
    to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p_body));

CREATE FUNCTION cutter.governance_append(p_kind text, p_run text, p_body json) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head cutter.governance_head;
    record_hash text;
    now_at timestamptz := clock_timestamp();
BEGIN
    SELECT h.* INTO STRICT head FROM cutter.governance_head h FOR UPDATE;
    record_hash := cutter.governance_hash(head.seq + 1, head.hash, p_kind, p_run, session_user, now_at, p_body::text);
    INSERT INTO cutter.governance_record (seq, prev, hash, kind, run, actor, at, body)
    VALUES (head.seq + 1, head.hash, record_hash, p_kind, p_run, session_user, now_at, p_body::text);
    UPDATE cutter.governance_head SET seq = head.seq + 1, hash = record_hash;
    RETURN head.seq + 1;
END $$;
COMMENT ON FUNCTION cutter.governance_append IS 'Append one record. Only the functions of this schema call it: no role may write what it likes.';

CREATE FUNCTION cutter.governance_fault() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT fault FROM (
        SELECT r.seq, CASE
            WHEN r.seq <> lag(r.seq, 1, 0::bigint) OVER chain + 1 THEN 'the record before ' || r.seq || ' is gone'
            WHEN r.prev <> lag(r.hash, 1, '') OVER chain THEN 'record ' || r.seq || ' does not follow the one before'
            WHEN r.hash <> cutter.governance_hash(r.seq, r.prev, r.kind, r.run, r.actor, r.at, r.body)
                THEN 'record ' || r.seq || ' was altered' END
        FROM cutter.governance_record r WINDOW chain AS (ORDER BY r.seq)
        UNION ALL
        SELECT h.seq, 'the chain should end with record ' || h.seq || ' as it was written' FROM cutter.governance_head h
        WHERE (h.seq, h.hash) IS DISTINCT FROM (
            SELECT (last.seq, last.hash) FROM (
                SELECT r.seq, r.hash FROM cutter.governance_record r
                UNION ALL SELECT 0, '' ORDER BY seq DESC LIMIT 1) last)
    ) finding (seq, fault) WHERE fault IS NOT NULL ORDER BY seq LIMIT 1
$$;
COMMENT ON FUNCTION cutter.governance_fault IS 'The first place where the chain does not hold; NULL when all of it does.';

CREATE FUNCTION cutter.append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'CT018';
END $$;

CREATE TRIGGER governance_record_rows BEFORE UPDATE OR DELETE ON cutter.governance_record
    FOR EACH ROW EXECUTE FUNCTION cutter.append_only();
CREATE TRIGGER governance_record_whole BEFORE UPDATE OR DELETE OR TRUNCATE ON cutter.governance_record
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.append_only();
CREATE TRIGGER governance_head_kept BEFORE DELETE OR TRUNCATE ON cutter.governance_head
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.append_only();

-- Whatever is written leaves a record, so this one trigger asks once more at the commit of every run that wrote.
CREATE CONSTRAINT TRIGGER switch_at_commit AFTER INSERT ON cutter.governance_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind NOT IN ('switch', 'break-glass', 'authority')) -- the turns themselves, and who may approve them
    EXECUTE FUNCTION cutter.switch_at_commit();

-- Not even the schema's owner: what only a trigger forbids, one DISABLE TRIGGER allows.
REVOKE ALL ON cutter.governance_record, cutter.governance_head FROM cutter_owner;
GRANT SELECT, INSERT ON cutter.governance_record TO cutter_owner;
GRANT SELECT, UPDATE ON cutter.governance_head TO cutter_owner;

GRANT EXECUTE ON FUNCTION cutter.switch_is_on, cutter.switch_holds TO cutter_cut, cutter_governance, cutter_verify, cutter_enact,
    cutter_reader;
GRANT SELECT ON cutter.governance_record, cutter.governance_head TO cutter_reader, cutter_backup;
GRANT EXECUTE ON FUNCTION cutter.governance_fault TO cutter_reader, cutter_verify, cutter_governance;
