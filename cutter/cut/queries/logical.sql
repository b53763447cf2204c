-- Each statement has a name; cutter/cut/logical.py runs them by it.

-- name: state
SELECT part, digest FROM cutter.logical_state()

-- name: digest
SELECT cutter.logical_digest()
