-- The addressable rows of a document, and the one door through which they come.

CREATE TABLE cutter.information_unit (
    unit_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id  bigint NOT NULL REFERENCES cutter.document,
    unit_ref     text NOT NULL CHECK (unit_ref <> ''),
    ordinal      integer NOT NULL CHECK (ordinal > 0),
    unit_kind    text NOT NULL CHECK (unit_kind <> ''),
    section_type text NOT NULL CHECK (section_type <> ''),
    title        text NOT NULL,
    body         text NOT NULL,
    body_hash    text NOT NULL CHECK (length(body_hash) = 71 AND body_hash ~ '^sha256:[0-9a-f]+$'), -- {64} is slow
    owner_ref    text NOT NULL,
    parent_id    bigint REFERENCES cutter.information_unit,
    created_run  text NOT NULL,
    UNIQUE (unit_ref, document_id) -- in this order: with document_id first, a bulk cut was quadratic
);
CREATE INDEX information_unit_parent ON cutter.information_unit (parent_id);

CREATE FUNCTION cutter.is_placeholder(content text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE -- a pattern over every long body would cost more than all the rest
    WHEN octet_length(content) > 80 THEN strpos(content, 'DRYRUN-SHADOW') > 0
    ELSE content ~* 'DRY-?RUN-?SHADOW|^\W*(placeholder|todo|tbd|tba|fixme|lorem ipsum|n/?a|x{3,})\W*$' END;

CREATE FUNCTION cutter.refused_unit(
    p_unit_kind text, p_section_type text, p_title text, p_body text, p_body_hash text
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN coalesce(p_body, '') !~ '\S' THEN 'its body is empty'
    WHEN cutter.is_placeholder(p_body) THEN 'its body is a placeholder'
    WHEN coalesce(p_title, '') !~ '\S' THEN 'its title is empty'
    WHEN cutter.is_placeholder(p_title) THEN 'its title is a placeholder'
    WHEN coalesce(p_unit_kind, '') !~ '\S' THEN 'it has no unit_kind'
    WHEN coalesce(p_section_type, '') !~ '\S' THEN 'it has no section_type'
    WHEN p_body_hash IS DISTINCT FROM cutter.text_digest(p_body) THEN 'its body is not what its hash says'
END;
COMMENT ON FUNCTION cutter.refused_unit IS 'Why a unit cannot be accepted as it is; NULL when it can.';

CREATE FUNCTION cutter.fn_iu_create(
    p_document_id bigint, p_unit_ref text, p_ordinal integer, p_unit_kind text, p_section_type text,
    p_title text, p_body text, p_owner_ref text, p_parent_ref text, p_body_hash text, p_run text,
    OUT status text, OUT unit_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- plans are made once a session, perhaps of a small table: a scan of it would be kept as it grows
AS $$
DECLARE
    refusal text := cutter.refused_unit(p_unit_kind, p_section_type, p_title, p_body, p_body_hash);
    parent bigint;
BEGIN
    PERFORM cutter.require_switch(p_run);
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION 'unit % is refused: %', p_unit_ref, refusal USING ERRCODE = 'CT012';
    END IF;
    IF p_parent_ref IS NOT NULL THEN
        SELECT u.unit_id INTO parent FROM cutter.information_unit u
        WHERE u.unit_ref = p_parent_ref AND u.document_id = p_document_id;
        IF parent IS NULL THEN
            RAISE EXCEPTION 'unit % has no parent %', p_unit_ref, p_parent_ref USING ERRCODE = 'CT012';
        END IF;
    END IF;
    unit_id := cutter.same_unit(p_document_id, p_unit_ref, p_ordinal, p_unit_kind, p_section_type,
                                p_title, p_body, p_owner_ref, parent);
    status := 'exists';
    IF unit_id IS NULL THEN
        INSERT INTO cutter.information_unit AS u (document_id, unit_ref, ordinal, unit_kind, section_type,
            title, body, body_hash, owner_ref, parent_id, created_run)
        SELECT c.document_id, p_unit_ref, p_ordinal, p_unit_kind, p_section_type,
            p_title, p_body, p_body_hash, d.document_ref, parent, c.run
        FROM cutter.cut c JOIN cutter.document d USING (document_id)
        WHERE c.document_id = p_document_id AND c.run = p_run AND c.verified IS NULL AND d.document_ref = p_owner_ref
        RETURNING u.unit_id INTO unit_id;
        IF unit_id IS NULL THEN
            RAISE EXCEPTION 'unit % belongs to no open cut of % in this run', p_unit_ref, p_owner_ref
            USING ERRCODE = 'CT010', HINT = 'fn_cut_open comes first; a verified cut takes no more units';
        END IF;
        status := 'created';
    END IF;
    IF p_ordinal % 1000 = 0 AND current_setting('cutter.tells', true) = 'on' THEN -- a client shows how far a cut is
        RAISE NOTICE 'cutter.units %', p_ordinal;
    END IF;
END $$;
COMMENT ON FUNCTION cutter.fn_iu_create IS
'Create one unit: created, or exists when it is there already, exactly so. Raises CT016 switch off, CT012 refused, CT010 there but different, or no open cut.';

CREATE FUNCTION cutter.same_unit(
    p_document_id bigint, p_unit_ref text, p_ordinal integer, p_unit_kind text, p_section_type text,
    p_title text, p_body text, p_owner_ref text, p_parent_id bigint
) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$ -- called for every row, by what has pinned the search path already
DECLARE
    there cutter.information_unit;
BEGIN
    SELECT u.* INTO there FROM cutter.information_unit u
    WHERE u.unit_ref = p_unit_ref AND u.document_id = p_document_id;
    IF FOUND AND (there.ordinal, there.unit_kind, there.section_type, there.title, there.body, there.owner_ref,
        there.parent_id) IS DISTINCT FROM
        (p_ordinal, p_unit_kind, p_section_type, p_title, p_body, p_owner_ref, p_parent_id) THEN
        RAISE EXCEPTION 'unit % is already there and different', p_unit_ref
        USING ERRCODE = 'CT010', HINT = 'it was altered after its cut: a person must look';
    END IF;
    RETURN there.unit_id;
END $$;
