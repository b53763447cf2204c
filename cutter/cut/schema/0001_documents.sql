-- Documents and their versions. A version is its text, byte for byte, and the grammar it is cut by.

CREATE TABLE cutter.work (
    document_ref text PRIMARY KEY CHECK (document_ref ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]*$'),
    work_id      bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);
COMMENT ON TABLE cutter.work IS 'A document through all its versions; its number is what exclusion constraints can compare.';

CREATE TABLE cutter.document (
    document_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_ref   text NOT NULL REFERENCES cutter.work,
    version        integer NOT NULL CHECK (version > 0),
    source_text    text NOT NULL CHECK (source_text <> ''),
    source_digest  text NOT NULL CHECK (source_digest ~ '^sha256:[0-9a-f]{64}$'),
    grammar_digest text NOT NULL CHECK (grammar_digest <> ''),
    supersedes     bigint UNIQUE,
    created_run    text NOT NULL,
    UNIQUE (document_ref, version),
    UNIQUE (document_ref, source_digest, grammar_digest),
    UNIQUE (document_ref, document_id),
    FOREIGN KEY (document_ref, supersedes) REFERENCES cutter.document (document_ref, document_id),
    CHECK (supersedes < document_id)
);
COMMENT ON TABLE cutter.document IS 'One version of a document. Versions form one line: each supersedes the one before.';

CREATE UNIQUE INDEX document_first_version ON cutter.document (document_ref) WHERE supersedes IS NULL;

CREATE FUNCTION cutter.text_digest(content text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE -- as convert_to is: declared otherwise, it could not be inlined
RETURN 'sha256:' || encode(sha256(convert_to(content, 'UTF8')), 'hex');

CREATE FUNCTION cutter.require_switch(p_run text, p_cut_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$ -- called for every row, by what has pinned the search path already
BEGIN
    IF cutter.switch_is_on(p_run, p_cut_id) IS NOT TRUE THEN
        RAISE EXCEPTION 'the kill switch is off for run %', coalesce(p_run, '(none)') USING ERRCODE = 'CT016';
    END IF;
END $$;

CREATE FUNCTION cutter.document_like(
    p_ref text, p_version integer, p_source_digest text, p_grammar_digest text
) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found cutter.document;
BEGIN
    SELECT d.* INTO found FROM cutter.document d
    WHERE d.document_ref = p_ref
      AND ((d.source_digest = p_source_digest AND d.grammar_digest = p_grammar_digest) OR d.version = p_version)
    ORDER BY d.version = p_version DESC LIMIT 1;
    IF found.version <> p_version THEN
        RAISE EXCEPTION 'this text and grammar of % are already its version %, not %', p_ref, found.version, p_version
        USING ERRCODE = 'CT010', HINT = 'name the version that is there';
    ELSIF found.source_digest <> p_source_digest OR found.grammar_digest <> p_grammar_digest THEN
        RAISE EXCEPTION 'version % of % is already there with another text or grammar', p_version, p_ref
        USING ERRCODE = 'CT010', HINT = format('give the changed document a version of its own and supersedes: %s', p_version);
    END IF;
    RETURN found.document_id;
END $$;
COMMENT ON FUNCTION cutter.document_like IS 'The version that is exactly this one; NULL when there is none. Raises CT010 when a version is half like it.';

CREATE FUNCTION cutter.document_before(p_ref text, p_supersedes integer) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest cutter.document;
BEGIN
    SELECT d.* INTO newest FROM cutter.document d
    WHERE d.document_ref = p_ref
      AND NOT EXISTS (SELECT FROM cutter.document later WHERE later.supersedes = d.document_id);
    IF newest.version IS DISTINCT FROM p_supersedes THEN
        RAISE EXCEPTION '%', CASE
            WHEN newest.version IS NULL THEN format('%s has no version %s that could be superseded', p_ref, p_supersedes)
            WHEN p_supersedes IS NULL THEN format('%s changed since its version %s', p_ref, newest.version)
            ELSE format('the newest version of %s is %s, not %s', p_ref, newest.version, p_supersedes) END
        USING ERRCODE = 'CT010', HINT = CASE
            WHEN newest.version IS NULL THEN 'leave out supersedes: for a first version'
            ELSE format('say supersedes: %s', newest.version) END;
    END IF;
    RETURN newest.document_id;
END $$;
COMMENT ON FUNCTION cutter.document_before IS 'The version that a new one supersedes; it must be named, and be the newest.';

CREATE FUNCTION cutter.fn_document_create(
    p_ref text, p_version integer, p_source_text text, p_source_digest text, p_grammar_digest text,
    p_supersedes integer, p_run text, OUT status text, OUT document_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before bigint;
BEGIN
    PERFORM cutter.require_switch(p_run);
    IF p_source_digest IS DISTINCT FROM cutter.text_digest(p_source_text) THEN
        RAISE EXCEPTION 'the source text of % % is not what its digest says', p_ref, p_version USING ERRCODE = 'CT012';
    END IF;
    INSERT INTO cutter.work (document_ref) VALUES (p_ref) ON CONFLICT DO NOTHING;
    PERFORM FROM cutter.work w WHERE w.document_ref = p_ref FOR UPDATE;
    document_id := cutter.document_like(p_ref, p_version, p_source_digest, p_grammar_digest);
    status := 'exists';
    IF document_id IS NULL THEN
        before := cutter.document_before(p_ref, p_supersedes);
        INSERT INTO cutter.document AS d
            (document_ref, version, source_text, source_digest, grammar_digest, supersedes, created_run)
        VALUES (p_ref, p_version, p_source_text, p_source_digest, p_grammar_digest, before, p_run)
        RETURNING d.document_id INTO document_id;
        status := 'created';
        PERFORM cutter.governance_append('document', p_run, json_build_object(
            'document_ref', p_ref, 'version', p_version, 'source_digest', p_source_digest,
            'grammar_digest', p_grammar_digest, 'supersedes', p_supersedes));
    END IF;
END $$;
COMMENT ON FUNCTION cutter.fn_document_create IS 'Load a version of a document: created, or exists when it is there already, byte for byte.';

CREATE FUNCTION cutter.fn_document_remove(p_ref text, p_version integer, p_run text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    removed cutter.document;
BEGIN
    PERFORM cutter.require_switch(p_run);
    DELETE FROM cutter.document d WHERE d.document_ref = p_ref AND d.version = p_version RETURNING d.* INTO removed;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no version % of %', p_version, p_ref USING ERRCODE = 'CT010';
    END IF;
    DELETE FROM cutter.work w WHERE w.document_ref = p_ref
        AND NOT EXISTS (SELECT FROM cutter.document d WHERE d.document_ref = p_ref);
    PERFORM cutter.governance_append('document-removed', p_run, json_build_object(
        'document_ref', p_ref, 'version', p_version, 'source_digest', removed.source_digest));
EXCEPTION WHEN foreign_key_violation THEN
    RAISE EXCEPTION 'version % of % has a cut or a successor', p_version, p_ref
    USING ERRCODE = 'CT020', DETAIL = SQLERRM, HINT = 'revert the cut or the later version first';
END $$;
COMMENT ON FUNCTION cutter.fn_document_remove IS 'Take back a version that nothing depends on.';
