-- What makes our schema stand on an existing table. Names in braces are filled in, quoted, by
-- cutter/cut/adoption_install.py: {table} and {function} are theirs, {key} is the key of their table.

-- name: reach
GRANT USAGE ON SCHEMA {schemas} TO cutter_owner, cutter_backup

-- name: use_table
GRANT SELECT, INSERT, DELETE ON TABLE {table} TO cutter_owner

-- name: back_up_table
GRANT SELECT ON TABLE {table} TO cutter_backup

-- name: use_function
GRANT EXECUTE ON FUNCTION {signature} TO cutter_owner

-- name: use_sequence
GRANT USAGE ON SEQUENCE {sequence} TO cutter_owner

-- name: back_up_sequence
GRANT SELECT ON SEQUENCE {sequence} TO cutter_backup

-- name: let_go_table
REVOKE ALL ON TABLE {table} FROM cutter_owner, cutter_backup

-- name: let_go_function
REVOKE ALL ON FUNCTION {signature} FROM cutter_owner

-- name: let_go_sequence
REVOKE ALL ON SEQUENCE {sequence} FROM cutter_owner, cutter_backup

-- name: sequences
SELECT n.nspname, c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = %s::oid
  AND d.deptype IN ('a', 'i') ORDER BY 1, 2

-- name: own_table
SELECT FROM pg_class WHERE oid = to_regclass('cutter.information_unit')

-- name: own_columns
SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
WHERE a.attrelid = 'cutter.information_unit'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

-- name: own_triggers
SELECT tgname FROM pg_trigger WHERE tgrelid = 'cutter.information_unit'::regclass AND NOT tgisinternal

-- name: own_rights
SELECT a.privilege_type, pg_get_userbyid(a.grantee)::text FROM pg_class c, aclexplode(c.relacl) a
WHERE c.oid = 'cutter.information_unit'::regclass AND a.grantee <> c.relowner

-- name: own_rows
SELECT count(*) FROM cutter.information_unit

-- name: adoption
CREATE TABLE cutter.adoption (
    the_one         boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    names           text NOT NULL,
    table_name      text NOT NULL,
    function_name   text NOT NULL,
    function_digest text NOT NULL DEFAULT '',
    adopted_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cutter.adoption IS 'The existing table and function that the units go into, and the function as it was then.';
CREATE TABLE cutter.adopted_right (
    part      text NOT NULL CHECK (part IN ('table', 'function')),
    of_column text NOT NULL,
    grantee   text NOT NULL,
    privilege text NOT NULL CHECK (privilege ~ '^[A-Z]+$'),
    grantable boolean NOT NULL,
    PRIMARY KEY (part, of_column, grantee, privilege)
);
COMMENT ON TABLE cutter.adopted_right IS 'Rights around us that were taken away; they are given back when the schema is removed.';
GRANT SELECT ON cutter.adoption, cutter.adopted_right TO cutter_reader, cutter_verify, cutter_backup

-- name: beside
ALTER TABLE cutter.information_unit RENAME TO adopted_unit;
ALTER TABLE cutter.adopted_unit ALTER unit_id DROP IDENTITY;
ALTER TABLE cutter.adopted_unit ADD their_key {key_type} NOT NULL UNIQUE;
ALTER TABLE cutter.adopted_unit ADD doomed boolean NOT NULL DEFAULT false;
COMMENT ON TABLE cutter.adopted_unit IS 'Our part of each unit whose row is in the existing table: its document, and what that table has no column for.'

-- name: without
ALTER TABLE cutter.adopted_unit DROP COLUMN {column}

-- name: number
CREATE FUNCTION cutter.unit_number(p_key text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || encode(substr(sha256(convert_to(p_key, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
COMMENT ON FUNCTION cutter.unit_number IS 'A number for a key that is none.';
GRANT EXECUTE ON FUNCTION cutter.unit_number TO cutter_verify, cutter_reader, cutter_backup

-- name: view
CREATE VIEW cutter.information_unit AS
SELECT {columns}
FROM {table} t LEFT JOIN cutter.adopted_unit s ON s.their_key = t.{key};
COMMENT ON VIEW cutter.information_unit IS
'The rows of the existing table under our names; those that no cut of ours made have no document.'

-- name: parent_by_key
CASE WHEN t.{parent} IS NULL THEN NULL
     WHEN s.their_key IS NULL OR EXISTS (SELECT FROM {table} p WHERE p.{key} = t.{parent}) THEN {number}
     ELSE s.unit_id /* a parent that is not there: as its own, it is never as planned */ END

-- name: parent_by_address
CASE WHEN t.{parent} IS NULL THEN NULL
     WHEN s.their_key IS NULL THEN (SELECT {number} FROM {table} p WHERE p.{address}::text = t.{parent}::text{owner} LIMIT 1)
     ELSE coalesce((SELECT ps.unit_id FROM cutter.adopted_unit ps
                    WHERE ps.unit_ref = t.{parent}::text AND ps.document_id = s.document_id), s.unit_id) END

-- name: right
GRANT {privilege} ON cutter.information_unit TO {grantee}

-- name: create
CREATE FUNCTION cutter.create_theirs() RETURNS trigger
LANGUAGE plpgsql SET search_path = {path} AS $theirs$ -- their function may name its tables without a schema
DECLARE
    parent cutter.adopted_unit;
    keys {key_type}[];
    wrong text;
BEGIN
    IF EXISTS (SELECT FROM {table} t WHERE {same} AND NOT EXISTS (
            SELECT FROM cutter.adopted_unit s WHERE s.their_key = t.{key})) THEN
        RAISE EXCEPTION 'unit % is there already, and no cut made it', NEW.unit_ref
        USING ERRCODE = 'CT010', HINT = 'what others made is never taken over: a person must look';
    END IF;
    SELECT s.* INTO parent FROM cutter.adopted_unit s WHERE s.unit_id = NEW.parent_id;
    PERFORM {function}({arguments});
    keys := ARRAY(SELECT t.{key} FROM {table} t WHERE {same} AND NOT EXISTS (
        SELECT FROM cutter.adopted_unit s WHERE s.their_key = t.{key}) LIMIT 2);
    IF cardinality(keys) <> 1 THEN
        RAISE EXCEPTION 'the adopted function made % rows for unit %', CASE cardinality(keys) WHEN 0 THEN 'no'
            ELSE 'several' END, NEW.unit_ref USING ERRCODE = 'CT012', HINT = 'a person must look at that function';
    END IF;
    NEW.unit_id := {number};
    INSERT INTO cutter.adopted_unit (their_key, {kept}) VALUES (keys[1], {values});
    SELECT concat_ws(', ', {altered}) INTO wrong FROM cutter.information_unit v
    WHERE v.unit_ref = NEW.unit_ref AND v.document_id = NEW.document_id;
    IF wrong <> '' OR NOT FOUND THEN
        RAISE EXCEPTION 'the adopted function made unit % otherwise than asked: %', NEW.unit_ref, coalesce(wrong, 'gone')
        USING ERRCODE = 'CT012', HINT = 'correct names: in databases.yml, or that function';
    END IF;
    RETURN NEW;
END $theirs$;
COMMENT ON FUNCTION cutter.create_theirs IS 'Have a unit made by the existing function, and look that it is there as asked.';
CREATE TRIGGER create_theirs INSTEAD OF INSERT ON cutter.information_unit
    FOR EACH ROW EXECUTE FUNCTION cutter.create_theirs()

-- name: remove
CREATE FUNCTION cutter.doom_theirs() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $theirs$
BEGIN
    UPDATE cutter.adopted_unit s SET doomed = true WHERE s.unit_id = OLD.unit_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no cut made unit %, so none takes it back', OLD.unit_ref USING ERRCODE = 'CT010';
    END IF;
    RETURN OLD;
END $theirs$;
CREATE FUNCTION cutter.remove_theirs() RETURNS trigger
LANGUAGE plpgsql SET search_path = {path} AS $theirs$ -- all at once: a parent may go with its children only
DECLARE
    outside text := cutter.refers_to_doomed();
BEGIN
    IF outside IS NOT NULL THEN
        RAISE EXCEPTION 'something outside this schema refers to the units' USING ERRCODE = 'CT020', DETAIL = outside;
    END IF;
    DELETE FROM {table} t USING cutter.adopted_unit s WHERE s.doomed AND s.their_key = t.{key};
    IF EXISTS (SELECT FROM {table} t JOIN cutter.adopted_unit s ON s.their_key = t.{key} WHERE s.doomed) THEN
        RAISE EXCEPTION 'the adopted table keeps rows that were deleted from it' USING ERRCODE = 'CT012',
            HINT = 'a trigger on it holds them back: a person must look';
    END IF;
    DELETE FROM cutter.adopted_unit s WHERE s.doomed;
    RETURN NULL;
END $theirs$;
CREATE TRIGGER doom_theirs INSTEAD OF DELETE ON cutter.information_unit
    FOR EACH ROW EXECUTE FUNCTION cutter.doom_theirs();
CREATE TRIGGER remove_theirs AFTER DELETE ON cutter.information_unit
    FOR EACH STATEMENT EXECUTE FUNCTION cutter.remove_theirs()

-- name: outside
CREATE FUNCTION cutter.refers_to_doomed() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $theirs$
DECLARE
    reference record;
    found_one boolean;
BEGIN
    FOR reference IN
        SELECT r.conname, r.conrelid, r.conrelid = r.confrelid AS own, (
            SELECT string_agg(format('c.%I = t.%I', mine.attname, their.attname), ' AND ')
            FROM unnest(r.conkey, r.confkey) pair (mine, their)
            JOIN pg_attribute mine ON mine.attrelid = r.conrelid AND mine.attnum = pair.mine
            JOIN pg_attribute their ON their.attrelid = r.confrelid AND their.attnum = pair.their) AS same
        FROM pg_constraint r WHERE r.contype = 'f' AND r.confrelid = {table_name}::regclass AND r.confdeltype IN ('c', 'n', 'd')
    LOOP -- a reference that cascades, or forgets, would lose what others wrote
        EXECUTE format('SELECT EXISTS (SELECT FROM %s c JOIN %s t ON %s JOIN cutter.adopted_unit s ON s.their_key = t.%I
            WHERE s.doomed', reference.conrelid::regclass, {table_name}::regclass, reference.same, {key_name})
            || CASE WHEN reference.own THEN format(' AND NOT EXISTS (SELECT FROM cutter.adopted_unit o
                WHERE o.their_key = c.%I AND o.doomed)', {key_name}) ELSE '' END || ')' INTO found_one;
        IF found_one THEN
            RETURN format('the constraint %s of %s', reference.conname, reference.conrelid::regclass);
        END IF;
    END LOOP;
    RETURN NULL;
END $theirs$;
COMMENT ON FUNCTION cutter.refers_to_doomed IS
'The first reference that would go, or be emptied, with the units that are being taken back; others refuse by themselves.'

-- name: remember
INSERT INTO cutter.adoption (names, table_name, function_name) VALUES (%s, %s, %s)

-- name: remember_function
UPDATE cutter.adoption SET function_digest = %s

-- name: remember_right
INSERT INTO cutter.adopted_right (part, of_column, grantee, privilege, grantable) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING

-- name: is_there
SELECT to_regclass('cutter.adoption') IS NOT NULL

-- name: remembered
SELECT names, table_name, function_name, function_digest FROM cutter.adoption

-- name: remembered_rights
SELECT part, of_column, grantee, privilege, grantable FROM cutter.adopted_right
WHERE grantee = '' OR EXISTS (SELECT FROM pg_roles WHERE rolname = grantee) ORDER BY 1, 2, 3, 4

-- name: function_digest
SELECT 'sha256:' || encode(sha256(convert_to(pg_get_functiondef(%s::oid), 'UTF8')), 'hex')

-- name: signature
SELECT %s::oid::regprocedure::text

-- name: grant_right
GRANT {privilege}{of_column} ON {part} {object} TO {grantee}{option}

-- name: revoke_right
REVOKE {privilege}{of_column} ON {part} {object} FROM {grantee}
