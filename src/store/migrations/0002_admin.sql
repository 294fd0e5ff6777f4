-- What is administered, with its history, and the snapshots that were in force.
-- Times are microseconds since 1970-01-01T00:00:00Z, digests SHA-256.

-- Texts that snapshots are made of, each once.
CREATE TABLE admin_texts (
    digest BLOB NOT NULL PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every snapshot. Its texts are those listed for the snapshot `texts_of`: a change by API has none of its own.
CREATE TABLE admin_snapshots (
    version    INTEGER NOT NULL PRIMARY KEY,
    hash       TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    by         TEXT,
    created_at INTEGER NOT NULL,
    back_to    INTEGER,
    texts_of   INTEGER NOT NULL
) STRICT;

CREATE TABLE admin_snapshot_texts (
    snapshot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    role     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    digest   BLOB    NOT NULL REFERENCES admin_texts (digest),
    PRIMARY KEY (snapshot, position)
) STRICT, WITHOUT ROWID;

-- What a source said of a key, from the snapshot `since` until before the snapshot `until`; NULL = still.
CREATE TABLE admin_objects (
    since      INTEGER NOT NULL,
    until      INTEGER,
    origin     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    -- The deployment's have an empty one; no tenant has.
    tenant     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    file       TEXT,
    digest     BLOB    NOT NULL,
    written    TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX admin_objects_now ON admin_objects (origin, kind, tenant, name) WHERE until IS NULL;
CREATE INDEX admin_objects_then ON admin_objects (since, until);

-- What stands in the place of files: the texts of a snapshot, over files with the digest `base`.
CREATE TABLE admin_pins (
    role    TEXT    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    base    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
