-- Group roles, each with no more than its leg needs. Nobody logs in as one; logins are members of them.

RESET ROLE; -- roles and the database's own rights are the login's to give, not the schema owner's

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['cutter_cut', 'cutter_governance', 'cutter_verify', 'cutter_reader',
                                  'cutter_enact', 'cutter_rehearsal', 'cutter_backup',
                                  'cutter_authoriser'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- roles belong to the whole server: an installation beside this one was faster
            END;
        END IF;
    END LOOP;
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO cutter_cut, cutter_verify', current_database());
END $$;

SET LOCAL ROLE cutter_owner;

GRANT USAGE ON SCHEMA cutter TO cutter_cut, cutter_governance, cutter_verify, cutter_reader, cutter_enact,
    cutter_backup, cutter_authoriser;

-- The cut role has no right on any table: it names documents and units only as arguments.
GRANT EXECUTE ON FUNCTION cutter.fn_document_create, cutter.fn_document_remove, cutter.fn_iu_create TO cutter_cut;

GRANT SELECT ON cutter.document, cutter.information_unit TO cutter_verify;
GRANT EXECUTE ON FUNCTION cutter.text_digest TO cutter_verify, cutter_reader;

GRANT SELECT ON cutter.work, cutter.document, cutter.information_unit, cutter.schema_version
    TO cutter_reader, cutter_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA cutter TO cutter_backup;
