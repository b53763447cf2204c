-- Which version of a document is in force, and when. The state machine is here and nowhere else.

CREATE TABLE cutter.lifecycle (
    document_id   bigint PRIMARY KEY REFERENCES cutter.document ON DELETE CASCADE,
    work_id       bigint NOT NULL REFERENCES cutter.work (work_id),
    state         text NOT NULL CHECK (state IN ('draft', 'enacted', 'superseded', 'revoked')),
    effective     daterange,
    superseded_by bigint REFERENCES cutter.document,
    changed_run   text NOT NULL,
    undoes        bigint,
    CHECK ((state = 'draft') = (effective IS NULL)),
    CHECK ((state = 'superseded') = (superseded_by IS NOT NULL)),
    CHECK (CASE state WHEN 'enacted' THEN NOT lower_inf(effective) AND upper_inf(effective)
                      ELSE NOT (lower_inf(effective) OR upper_inf(effective)) END),
    CONSTRAINT one_version_at_a_time
        EXCLUDE USING gist (int8range(work_id, work_id, '[]') WITH &&, effective WITH &&)
);
COMMENT ON COLUMN cutter.lifecycle.effective IS 'In force from (included) until (excluded); empty for what ended on the day it began.';
COMMENT ON COLUMN cutter.lifecycle.undoes IS 'The transition that the last one took back.';

CREATE TABLE cutter.lifecycle_transition (
    seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id      bigint NOT NULL, -- no reference: the history outlives the version
    from_state       text NOT NULL,
    to_state         text NOT NULL,
    from_effective   daterange,
    to_effective     daterange,
    undoes           bigint UNIQUE, -- the guard looks it up: a reference would need the right to update
    run              text NOT NULL,
    at               timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX lifecycle_transition_document ON cutter.lifecycle_transition (document_id, seq);
CREATE TRIGGER lifecycle_transition_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON cutter.lifecycle_transition
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.append_only();
REVOKE ALL ON cutter.lifecycle_transition FROM cutter_owner;
GRANT SELECT, INSERT ON cutter.lifecycle_transition TO cutter_owner;

CREATE FUNCTION cutter.newest_transition(p_document_id bigint) RETURNS cutter.lifecycle_transition
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.* FROM cutter.lifecycle_transition t
    WHERE t.document_id = p_document_id AND t.undoes IS NULL
      AND NOT EXISTS (SELECT FROM cutter.lifecycle_transition back WHERE back.undoes = t.seq)
    ORDER BY t.seq DESC LIMIT 1
$$;
COMMENT ON FUNCTION cutter.newest_transition IS 'The newest transition of a version that is not taken back.';

CREATE FUNCTION cutter.lifecycle_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest cutter.lifecycle_transition;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' OR TG_OP = 'DELETE' AND OLD.state = 'draft' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.document_id, NEW.work_id) = (OLD.document_id, OLD.work_id) THEN
        newest := cutter.newest_transition(OLD.document_id);
        IF NEW.undoes = newest.seq AND (NEW.state, NEW.effective)
            IS NOT DISTINCT FROM (newest.from_state, newest.from_effective)
            OR NEW.undoes IS NULL AND (OLD.state, NEW.state) IN
                (('draft', 'enacted'), ('enacted', 'superseded'), ('enacted', 'revoked'))
                AND (OLD.effective IS NULL OR OLD.effective @> NEW.effective) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'illegal transition of the lifecycle: % to %', coalesce(OLD.state, 'nothing'),
        coalesce(NEW.state, 'nothing') USING ERRCODE = 'CT010';
END $$;
CREATE TRIGGER lifecycle_guarded BEFORE INSERT OR UPDATE OR DELETE ON cutter.lifecycle
    FOR EACH ROW EXECUTE FUNCTION cutter.lifecycle_guard();
CREATE TRIGGER lifecycle_kept BEFORE TRUNCATE ON cutter.lifecycle
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.append_only();

CREATE FUNCTION cutter.lifecycle_remember() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cutter.lifecycle_transition
        (document_id, from_state, to_state, from_effective, to_effective, undoes, run)
    VALUES (NEW.document_id, OLD.state, NEW.state, OLD.effective, NEW.effective, NEW.undoes, NEW.changed_run);
    RETURN NULL;
END $$;
CREATE TRIGGER lifecycle_remembered AFTER UPDATE ON cutter.lifecycle
    FOR EACH ROW EXECUTE FUNCTION cutter.lifecycle_remember();

CREATE FUNCTION cutter.lifecycle_begin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cutter.lifecycle (document_id, work_id, state, changed_run)
    SELECT NEW.document_id, w.work_id, 'draft', NEW.created_run
    FROM cutter.work w WHERE w.document_ref = NEW.document_ref;
    RETURN NULL;
END $$;
CREATE TRIGGER document_begins_as_draft AFTER INSERT ON cutter.document
    FOR EACH ROW EXECUTE FUNCTION cutter.lifecycle_begin();

CREATE FUNCTION cutter.version_in_force(p_ref text, p_day date) RETURNS integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.version FROM cutter.document d JOIN cutter.lifecycle l USING (document_id)
    WHERE d.document_ref = p_ref AND l.effective @> p_day
$$;
COMMENT ON FUNCTION cutter.version_in_force IS 'The one version of a document that is in force on a day; NULL when none is.';

GRANT SELECT ON cutter.lifecycle, cutter.lifecycle_transition TO cutter_reader, cutter_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA cutter TO cutter_backup;
GRANT EXECUTE ON FUNCTION cutter.version_in_force TO cutter_reader;
