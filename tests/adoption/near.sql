-- A table much like ours, filled by a function that acts with its caller's rights and names nothing in full.

CREATE SCHEMA legacy AUTHORIZATION legacy_owner;
SET ROLE legacy_owner;
CREATE TABLE legacy.units (
    id           serial PRIMARY KEY,
    unit_ref     text NOT NULL,
    ordinal      integer NOT NULL,
    unit_kind    text NOT NULL,
    section_type text NOT NULL,
    title        text NOT NULL,
    content      text NOT NULL,
    body_hash    text NOT NULL,
    owner_ref    text NOT NULL,
    parent_id    integer REFERENCES legacy.units,
    edited_by    text NOT NULL DEFAULT current_user,
    edited_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON legacy.units (unit_ref);
CREATE INDEX ON legacy.units (parent_id);
CREATE FUNCTION legacy.make_unit(
    p_owner_ref text, p_unit_ref text, p_ordinal integer, p_unit_kind text, p_section_type text, p_title text,
    p_text text, p_body_hash text, p_parent_id integer DEFAULT NULL, p_note text DEFAULT ''
) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO units (unit_ref, ordinal, unit_kind, section_type, title, content, body_hash, owner_ref, parent_id)
    VALUES (p_unit_ref, p_ordinal, p_unit_kind, p_section_type, p_title, p_text, p_body_hash, p_owner_ref, p_parent_id);
    RETURN 'created';
END $$;
GRANT USAGE ON SCHEMA legacy TO PUBLIC;
GRANT SELECT, INSERT ON legacy.units TO PUBLIC;
GRANT UPDATE (title) ON legacy.units TO PUBLIC;
RESET ROLE;
