-- A cut: the rows of one version, written, recorded and verified in one transaction or not at all.

CREATE TABLE cutter.cut (
    cut_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id   bigint NOT NULL UNIQUE REFERENCES cutter.document,
    run           text NOT NULL,
    pin           text NOT NULL CHECK (pin <> ''),
    unit_count    integer NOT NULL CHECK (unit_count > 0),
    writer_digest text NOT NULL CHECK (writer_digest ~ '^sha256:[0-9a-f]{64}$'),
    recorded      bigint, -- numbers of governance records: a reference would need the right to update them
    verified      bigint
);
COMMENT ON COLUMN cutter.cut.pin IS 'The digest of the cutplan rows that were to be written.';
COMMENT ON COLUMN cutter.cut.writer_digest IS 'The root hash over the rows, as the plan expects them and as verified.';

CREATE FUNCTION cutter.cut_must_be_verified() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM cutter.cut c WHERE c.cut_id = NEW.cut_id
               AND (c.recorded IS NULL OR c.verified IS NULL)) THEN
        RAISE EXCEPTION 'cut % is not recorded and verified, so it cannot be committed', NEW.cut_id
        USING ERRCODE = 'CT012';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cut_is_verified AFTER INSERT ON cutter.cut
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cutter.cut_must_be_verified();

CREATE FUNCTION cutter.cut_measures(
    p_document_id bigint, OUT unit_count integer, OUT body_hash_match_count integer,
    OUT section_types jsonb, OUT writer_digest text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH unit AS MATERIALIZED (
        SELECT u.ordinal, u.unit_ref, u.section_type, u.body_hash = text_hash AS matches,
               encode(sha256(convert_to(concat( -- each field after its length, so that no two rows are written alike
                   octet_length(u.ordinal::text), ':', u.ordinal, octet_length(u.unit_ref), ':', u.unit_ref,
                   octet_length(u.unit_kind), ':', u.unit_kind, octet_length(u.section_type), ':', u.section_type,
                   octet_length(u.title), ':', u.title, octet_length(u.owner_ref), ':', u.owner_ref,
                   coalesce(octet_length(p.unit_ref) || ':' || p.unit_ref, '-'),
                   octet_length(text_hash), ':', text_hash), 'UTF8')), 'hex') AS digest
        FROM cutter.information_unit u
        LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id
        CROSS JOIN LATERAL (SELECT cutter.text_digest(u.body) OFFSET 0) hashed (text_hash)
        WHERE u.document_id = p_document_id
    ), counted AS (SELECT section_type, count(*) AS units FROM unit GROUP BY section_type)
    SELECT count(*)::integer, (count(*) FILTER (WHERE matches))::integer,
           (SELECT coalesce(jsonb_object_agg(section_type, units), '{}') FROM counted),
           cutter.text_digest(E'cutter.writer.v1\n' || coalesce(
               string_agg(digest, E'\n' ORDER BY ordinal, unit_ref COLLATE "C"), ''))
    FROM unit
$$;
COMMENT ON FUNCTION cutter.cut_measures IS
'What is there of a version, looked at afresh: how many units, how many bodies that are what their hash says, units by section type, the root hash.';

CREATE FUNCTION cutter.fn_cut_open(
    p_ref text, p_version integer, p_source_digest text, p_grammar_digest text, p_pin text, p_unit_count integer,
    p_writer_digest text, p_run text, OUT status text, OUT cut_id bigint, OUT document_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    there cutter.cut;
BEGIN
    PERFORM cutter.require_switch(p_run);
    PERFORM FROM cutter.work w WHERE w.document_ref = p_ref FOR UPDATE;
    document_id := cutter.document_like(p_ref, p_version, p_source_digest, p_grammar_digest);
    IF document_id IS NULL THEN
        RAISE EXCEPTION 'version % of % is not loaded', p_version, p_ref
        USING ERRCODE = 'CT010', HINT = 'a document step loads it';
    END IF;
    SELECT c.* INTO there FROM cutter.cut c WHERE c.document_id = fn_cut_open.document_id;
    IF NOT FOUND THEN
        INSERT INTO cutter.cut AS c (document_id, run, pin, unit_count, writer_digest)
        VALUES (document_id, p_run, p_pin, p_unit_count, p_writer_digest) RETURNING c.* INTO there;
        status := 'created';
    ELSIF (there.pin, there.unit_count, there.writer_digest) <> (p_pin, p_unit_count, p_writer_digest) THEN
        RAISE EXCEPTION 'version % of % is cut already, by another plan (cut %)', p_version, p_ref, there.cut_id
        USING ERRCODE = 'CT010', HINT = 'give the document a new version, or revert that cut';
    END IF;
    status := coalesce(status, 'exists');
    cut_id := there.cut_id;
END $$;
COMMENT ON FUNCTION cutter.fn_cut_open IS 'Begin the one cut of a version: created, or exists when the same plan was cut before.';

CREATE FUNCTION cutter.cut_of(p_cut_id bigint) RETURNS cutter.cut
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.cut;
BEGIN
    SELECT c.* INTO the FROM cutter.cut c WHERE c.cut_id = p_cut_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no cut %', p_cut_id USING ERRCODE = 'CT010';
    END IF;
    RETURN the;
END $$;

CREATE FUNCTION cutter.cut_account(the cutter.cut, p_section_types jsonb, p_match_count integer) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object('cut', the.cut_id, 'document_ref', d.document_ref, 'version', d.version,
        'source_digest', d.source_digest, 'grammar_digest', d.grammar_digest, 'pin', the.pin,
        'unit_count', the.unit_count, 'body_hash_match_count', p_match_count,
        'section_types', p_section_types, 'writer_digest', the.writer_digest)
    FROM cutter.document d WHERE d.document_id = the.document_id
$$;

CREATE FUNCTION cutter.cut_attested(
    p_cut_id bigint, p_kind text, p_unit_count integer, p_section_types jsonb, p_writer_digest text, p_run text
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the cutter.cut;
    seen record;
    record_number bigint;
BEGIN
    PERFORM cutter.require_switch(p_run);
    the := cutter.cut_of(p_cut_id);
    SELECT m.* INTO seen FROM cutter.cut_measures(the.document_id) m;
    IF (seen.unit_count, seen.body_hash_match_count, the.unit_count, seen.section_types)
        IS DISTINCT FROM (p_unit_count, p_unit_count, p_unit_count, coalesce(p_section_types, seen.section_types)) THEN
        RAISE EXCEPTION 'cut % has % units of %, % of them with the body their hash says, by section type %; expected were %, %',
            p_cut_id, seen.unit_count, the.unit_count, seen.body_hash_match_count, seen.section_types, p_unit_count,
            coalesce(p_section_types, seen.section_types) USING ERRCODE = 'CT012';
    ELSIF (seen.writer_digest, coalesce(p_writer_digest, the.writer_digest)) IS DISTINCT FROM (the.writer_digest, the.writer_digest) THEN
        RAISE EXCEPTION 'the root hash over the rows of cut % is %, its plan says %, the manifest says %',
            p_cut_id, seen.writer_digest, the.writer_digest, coalesce(p_writer_digest, 'nothing') USING ERRCODE = 'CT012';
    END IF;
    record_number := CASE p_kind WHEN 'cut' THEN the.recorded ELSE the.verified END;
    IF record_number IS NULL THEN
        record_number := cutter.governance_append(p_kind, p_run, cutter.cut_account(the, seen.section_types, p_unit_count));
        UPDATE cutter.cut c SET recorded = CASE p_kind WHEN 'cut' THEN record_number ELSE c.recorded END,
            verified = CASE p_kind WHEN 'verify' THEN record_number ELSE c.verified END WHERE c.cut_id = p_cut_id;
    END IF;
    RETURN record_number;
END $$;
COMMENT ON FUNCTION cutter.cut_attested IS
'Look at a cut afresh, and record it if it is what the caller expects. The number of its record of that kind, also when it was there before.';

CREATE FUNCTION cutter.fn_cut_record(p_cut_id bigint, p_unit_count integer, p_section_types jsonb, p_run text)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT cutter.cut_attested(p_cut_id, 'cut', p_unit_count, coalesce(p_section_types, '{}'), NULL, p_run)
$$;
COMMENT ON FUNCTION cutter.fn_cut_record IS
'Record a cut whose units are as many as the run says, by the section types the document says, and whose rows are those of its plan. The number of its record, also when it was recorded before.';

CREATE FUNCTION cutter.fn_cut_verified(p_cut_id bigint, p_match_count integer, p_writer_digest text, p_run text)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT cutter.cut_attested(p_cut_id, 'verify', p_match_count, NULL, p_writer_digest, p_run)
$$;
COMMENT ON FUNCTION cutter.fn_cut_verified IS
'Seal a cut that a manifest of expected hashes agrees with: it takes no more units. The number of its record.';

GRANT EXECUTE ON FUNCTION cutter.fn_cut_open TO cutter_cut;
GRANT EXECUTE ON FUNCTION cutter.fn_cut_record TO cutter_governance;
GRANT EXECUTE ON FUNCTION cutter.fn_cut_verified TO cutter_verify;
GRANT EXECUTE ON FUNCTION cutter.cut_measures TO cutter_verify, cutter_reader;
GRANT SELECT ON cutter.cut TO cutter_verify, cutter_reader, cutter_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA cutter TO cutter_backup;
