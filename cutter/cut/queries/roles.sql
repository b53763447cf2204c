-- Each statement has a name; cutter/cut/roles.py runs them by it.

-- name: as_cut
SET LOCAL ROLE cutter_cut

-- name: as_governance
SET LOCAL ROLE cutter_governance

-- name: as_verify
SET LOCAL ROLE cutter_verify

-- name: as_reader
SET LOCAL ROLE cutter_reader

-- name: as_enact
SET LOCAL ROLE cutter_enact

-- name: as_login
RESET ROLE
