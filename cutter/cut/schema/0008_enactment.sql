-- Putting a verified cut into force, taking it out, and going back one step.

CREATE FUNCTION cutter.lifecycle_of(p_ref text, p_version integer) RETURNS cutter.lifecycle
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.lifecycle;
BEGIN
    PERFORM FROM cutter.work w WHERE w.document_ref = p_ref FOR UPDATE;
    SELECT l.* INTO the FROM cutter.document d JOIN cutter.lifecycle l USING (document_id)
    WHERE d.document_ref = p_ref AND d.version = p_version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no version % of %', p_version, p_ref USING ERRCODE = 'CT010';
    END IF;
    RETURN the;
END $$;
COMMENT ON FUNCTION cutter.lifecycle_of IS 'Where a version stands, its document locked until the transaction ends.';

CREATE FUNCTION cutter.is_cut(p_document_id bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM cutter.cut c WHERE c.document_id = p_document_id AND c.verified IS NOT NULL
        AND c.writer_digest = (SELECT m.writer_digest FROM cutter.cut_measures(p_document_id) m))
$$;
COMMENT ON FUNCTION cutter.is_cut IS 'Whether a version has a verified cut whose units are still those that were cut.';

CREATE FUNCTION cutter.supersede(the cutter.lifecycle, p_from date, p_run text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other record;
BEGIN
    SELECT l.*, d.version INTO other FROM cutter.lifecycle l JOIN cutter.document d USING (document_id)
    WHERE l.work_id = the.work_id AND l.document_id <> the.document_id AND l.state <> 'draft'
    ORDER BY l.document_id DESC LIMIT 1;
    IF other.document_id > the.document_id THEN
        RAISE EXCEPTION 'version %, which comes later, is %', other.version, other.state USING ERRCODE = 'CT010';
    ELSIF other.state = 'enacted' AND p_from < lower(other.effective) THEN
        RAISE EXCEPTION 'version % is in force only from %: it cannot be superseded from %', other.version,
            lower(other.effective), p_from USING ERRCODE = 'CT010';
    ELSIF other.state = 'enacted' THEN
        UPDATE cutter.lifecycle l SET state = 'superseded', effective = daterange(lower(l.effective), p_from),
            superseded_by = the.document_id, changed_run = p_run, undoes = NULL
        WHERE l.document_id = other.document_id;
        RETURN other.version;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION cutter.supersede IS 'End the version in force on the day another one begins. The version that ended, if one did.';

CREATE FUNCTION cutter.fn_lifecycle_enact(p_ref text, p_version integer, p_from date, p_run text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.lifecycle;
    ended integer;
BEGIN
    PERFORM cutter.require_switch(p_run);
    the := cutter.lifecycle_of(p_ref, p_version);
    IF the.state = 'enacted' AND lower(the.effective) = p_from THEN
        RETURN 'exists';
    ELSIF NOT cutter.is_cut(the.document_id) THEN
        RAISE EXCEPTION 'version % of % has no cut that is verified and unaltered', p_version, p_ref USING ERRCODE = 'CT010';
    ELSIF p_from IS NULL OR NOT isfinite(p_from) THEN
        RAISE EXCEPTION 'version % of % needs the day on which it begins', p_version, p_ref USING ERRCODE = 'CT010';
    END IF;
    IF the.state = 'draft' THEN
        ended := cutter.supersede(the, p_from, p_run);
    END IF;
    UPDATE cutter.lifecycle l SET state = 'enacted', effective = daterange(p_from, NULL), superseded_by = NULL,
        changed_run = p_run, undoes = NULL WHERE l.document_id = the.document_id;
    PERFORM cutter.governance_append('enact', p_run, json_build_object(
        'document_ref', p_ref, 'version', p_version, 'effective_from', p_from, 'superseded', ended));
    RETURN 'enacted';
EXCEPTION WHEN exclusion_violation THEN
    RAISE EXCEPTION 'another version of % is in force on or after %', p_ref, p_from USING ERRCODE = 'CT010', DETAIL = SQLERRM;
END $$;
COMMENT ON FUNCTION cutter.fn_lifecycle_enact IS
'Put a draft into force from a day on, ending the version in force: enacted, or exists when it was so already.';

CREATE FUNCTION cutter.fn_lifecycle_revoke(p_ref text, p_version integer, p_until date, p_run text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.lifecycle;
BEGIN
    PERFORM cutter.require_switch(p_run);
    the := cutter.lifecycle_of(p_ref, p_version);
    IF the.state = 'revoked' AND upper(the.effective) = p_until THEN
        RETURN 'exists';
    ELSIF p_until IS NULL OR NOT isfinite(p_until) OR p_until < lower(the.effective) THEN
        RAISE EXCEPTION 'version % of % is in force from %: it cannot end on %', p_version, p_ref,
            lower(the.effective), p_until USING ERRCODE = 'CT010';
    END IF;
    UPDATE cutter.lifecycle l SET state = 'revoked', changed_run = p_run, undoes = NULL, superseded_by = NULL,
        effective = daterange(coalesce(lower(l.effective), p_until), p_until)
    WHERE l.document_id = the.document_id;
    PERFORM cutter.governance_append('revoke', p_run, json_build_object(
        'document_ref', p_ref, 'version', p_version, 'effective_until', p_until));
    RETURN 'revoked';
END $$;
COMMENT ON FUNCTION cutter.fn_lifecycle_revoke IS 'Take the version in force out of force, from a day on: revoked, or exists.';

CREATE FUNCTION cutter.take_back(p_document_id bigint, p_run text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last cutter.lifecycle_transition := cutter.newest_transition(p_document_id);
BEGIN
    UPDATE cutter.lifecycle l SET state = last.from_state, effective = last.from_effective, superseded_by = NULL,
        changed_run = p_run, undoes = last.seq WHERE l.document_id = p_document_id;
END $$;

CREATE FUNCTION cutter.undo_lifecycle(p_document_id bigint, p_run text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended record;
BEGIN
    PERFORM cutter.take_back(p_document_id, p_run);
    SELECT l.document_id, d.version INTO ended FROM cutter.lifecycle l JOIN cutter.document d USING (document_id)
    WHERE l.superseded_by = p_document_id;
    IF FOUND AND (SELECT state FROM cutter.lifecycle l WHERE l.document_id = p_document_id) = 'draft' THEN
        PERFORM cutter.take_back(ended.document_id, p_run);
    END IF;
    RETURN ended.version;
END $$;
COMMENT ON FUNCTION cutter.undo_lifecycle IS 'Take back the newest transition of a version, and what it did to the one before. That version, if one was restored.';

CREATE FUNCTION cutter.fn_lifecycle_undo(p_ref text, p_version integer, p_run text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.lifecycle;
    restored integer;
BEGIN
    PERFORM cutter.require_switch(p_run);
    the := cutter.lifecycle_of(p_ref, p_version);
    IF the.state IN ('draft', 'superseded') THEN
        RAISE EXCEPTION 'version % of % is %: there is nothing of its own to take back', p_version, p_ref,
            the.state USING ERRCODE = 'CT020', HINT = 'revert the version that superseded it first';
    END IF;
    restored := cutter.undo_lifecycle(the.document_id, p_run);
    PERFORM cutter.governance_append('compensation', p_run, json_build_object(
        'of', 'lifecycle', 'document_ref', p_ref, 'version', p_version, 'was', the.state, 'restored', restored));
    RETURN restored;
END $$;
COMMENT ON FUNCTION cutter.fn_lifecycle_undo IS 'Take back the newest enactment or revocation of a version. The version restored by that, if any.';

GRANT EXECUTE ON FUNCTION cutter.fn_lifecycle_enact, cutter.fn_lifecycle_revoke, cutter.fn_lifecycle_undo TO cutter_enact;
