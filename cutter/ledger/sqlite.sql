-- Each statement has a name; cutter/ledger/sqlite.py runs them by it.

-- name: wal
PRAGMA journal_mode = WAL

-- name: durable
PRAGMA synchronous = FULL

-- name: table
CREATE TABLE entry (
    seq   INTEGER PRIMARY KEY CHECK (seq > 0),
    prev  TEXT NOT NULL,
    hash  TEXT NOT NULL,
    kind  TEXT NOT NULL,
    body  TEXT NOT NULL CHECK (json_valid(body)),
    at    TEXT NOT NULL,
    actor TEXT NOT NULL,
    run   TEXT GENERATED ALWAYS AS (json_extract(body, '$.run')) VIRTUAL
)

-- name: by_kind
CREATE INDEX entry_kind ON entry (kind, seq)

-- name: by_run
CREATE INDEX entry_run ON entry (run, seq) WHERE run IS NOT NULL

-- name: by_end
CREATE INDEX entry_end ON entry (run) WHERE kind = 'end'

-- name: no_update
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never updated'); END

-- name: no_delete
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END

-- name: one_line
CREATE TRIGGER entry_one_line BEFORE INSERT ON entry
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry)
  OR NEW.prev <> coalesce((SELECT hash FROM entry WHERE seq = NEW.seq - 1), '')
BEGIN SELECT RAISE(ABORT, 'an entry follows the last one'); END

-- name: begin
BEGIN IMMEDIATE

-- name: commit
COMMIT

-- name: add
INSERT INTO entry (seq, prev, hash, kind, body, at, actor) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: first
SELECT seq, prev, hash, kind, body, at, actor FROM entry ORDER BY seq LIMIT 1

-- name: head
SELECT seq, prev, hash, kind, body, at, actor FROM entry ORDER BY seq DESC LIMIT 1

-- name: numbered
SELECT seq, prev, hash, kind, body, at, actor FROM entry WHERE seq = :seq

-- name: all
SELECT seq, prev, hash, kind, body, at, actor FROM entry NOT INDEXED
WHERE seq > :after ORDER BY seq LIMIT :page

-- name: of_kind
SELECT seq, prev, hash, kind, body, at, actor FROM entry
WHERE kind = :kind AND seq > :after ORDER BY seq LIMIT :page

-- name: of_run
SELECT seq, prev, hash, kind, body, at, actor FROM entry
WHERE run = :run AND seq > :after ORDER BY seq LIMIT :page

-- name: unfinished
SELECT started.run FROM entry AS started
WHERE started.kind = 'run'
  AND NOT EXISTS (SELECT 1 FROM entry AS ended WHERE ended.kind = 'end' AND ended.run = started.run)
ORDER BY started.seq
