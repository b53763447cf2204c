-- Each statement has a name; cutter/cut/verification.py runs them by it.

-- name: manifest
CREATE TEMPORARY TABLE cutter_manifest (
    ordinal integer, unit_ref text, unit_kind text, section_type text, title text, owner_ref text,
    parent_ref text, body_hash text
) ON COMMIT DROP

-- name: fill
COPY pg_temp.cutter_manifest FROM STDIN

-- name: compare
CREATE TEMPORARY TABLE cutter_comparison ON COMMIT DROP AS
WITH stored AS (
    SELECT u.ordinal, u.unit_ref, u.unit_kind, u.section_type, u.title, u.owner_ref, p.unit_ref AS parent_ref,
           cutter.text_digest(u.body) AS body_hash, u.body_hash AS claimed_hash
    FROM cutter.information_unit u
    LEFT JOIN cutter.information_unit p ON p.unit_id = u.parent_id
    WHERE u.document_id = %s
)
SELECT coalesce(planned.ordinal, stored.ordinal) AS ordinal,
       coalesce(planned.unit_ref, stored.unit_ref) AS unit_ref,
       planned.unit_ref IS NULL AS beyond, stored.unit_ref IS NULL AS missing,
       planned.body_hash = stored.body_hash AS body_matches,
       concat_ws(', ',
           CASE WHEN planned.body_hash <> stored.body_hash THEN 'body' END,
           CASE WHEN stored.claimed_hash <> stored.body_hash THEN 'body_hash' END,
           CASE WHEN planned.title <> stored.title THEN 'title' END,
           CASE WHEN planned.ordinal <> stored.ordinal THEN 'ordinal' END,
           CASE WHEN planned.unit_kind <> stored.unit_kind THEN 'unit_kind' END,
           CASE WHEN planned.section_type <> stored.section_type THEN 'section_type' END,
           CASE WHEN planned.owner_ref <> stored.owner_ref THEN 'owner_ref' END,
           CASE WHEN planned.parent_ref IS DISTINCT FROM stored.parent_ref
                AND planned.unit_ref = stored.unit_ref THEN 'parent' END) AS altered
FROM pg_temp.cutter_manifest planned FULL JOIN stored USING (unit_ref)

-- name: counts
SELECT count(*) FILTER (WHERE body_matches), count(*) FILTER (WHERE missing OR beyond OR altered <> '')
FROM pg_temp.cutter_comparison

-- name: findings
SELECT 'unit ' || unit_ref || CASE WHEN missing THEN ' is missing' WHEN beyond THEN ' is not in the plan'
                                   ELSE ' was altered: ' || altered END
FROM pg_temp.cutter_comparison WHERE missing OR beyond OR altered <> ''
ORDER BY ordinal, unit_ref COLLATE "C" LIMIT %s

-- name: drop
DROP TABLE pg_temp.cutter_manifest, pg_temp.cutter_comparison
