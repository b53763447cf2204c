-- A table quite unlike ours: a key that is no number, parents by their address, no kinds of sections, no hash.

CREATE SCHEMA "OldLaws" AUTHORIZATION legacy_owner;
CREATE SCHEMA api AUTHORIZATION legacy_owner;
SET ROLE legacy_owner;
CREATE TYPE "OldLaws".kind AS ENUM ('preamble', 'principle', 'section', 'article', 'clause', 'paragraph', 'point');
CREATE TABLE "OldLaws"."Passage" (
    "position" smallint NOT NULL,
    pid        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    law        varchar(100) NOT NULL,
    address    varchar(200) NOT NULL,
    edition    bigint NOT NULL,
    wording    text NOT NULL,
    heading    varchar(2000) NOT NULL,
    kind       "OldLaws".kind NOT NULL,
    part_of    varchar(200),
    body_hash  bytea NOT NULL DEFAULT '\x00',
    language   text NOT NULL DEFAULT 'en',
    UNIQUE (address, law, edition)
);
CREATE FUNCTION api.put_passage(
    wording text, heading text, address text, kind "OldLaws".kind, within text, law text, edition bigint,
    nth smallint, OUT pid uuid, OUT made boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = 'OldLaws', pg_temp AS $$
BEGIN
    INSERT INTO "Passage" AS p ("position", law, address, edition, wording, heading, kind, part_of)
    VALUES (nth, law, address, edition, wording, heading, kind, within) RETURNING p.pid INTO pid;
    made := true;
EXCEPTION WHEN unique_violation THEN
    made := false;
END $$;
RESET ROLE;
