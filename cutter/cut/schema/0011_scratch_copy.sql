-- What a backup must be allowed to lock, so that it can leave it out: whoever dumps a schema locks all its tables.

GRANT SELECT ON cutter.kill_switch TO cutter_backup;
GRANT USAGE ON SCHEMA cutter_proof TO cutter_backup;
GRANT SELECT ON cutter_proof.rollback_only TO cutter_backup;


-- Whoever arms the guard only takes from itself, and foreign text runs with the rights of who runs it.
GRANT EXECUTE ON FUNCTION cutter_proof.arm, cutter_proof.run TO PUBLIC;

-- A login has no right of its own, but forces the deferred constraints of its legs, which it must name for that.
GRANT USAGE ON SCHEMA cutter TO PUBLIC;
