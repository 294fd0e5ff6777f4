-- Runs that make Cedar policies of what agents did. Times are microseconds since 1970-01-01T00:00:00Z.
-- config is what was asked for, outcome what came of it; both are JSON. Assets are part of the outcome.
CREATE TABLE generations (
    id         TEXT    NOT NULL PRIMARY KEY,
    engine     TEXT    NOT NULL,
    name       TEXT,
    status     TEXT    NOT NULL,
    config     TEXT    NOT NULL,
    by         TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    outcome    TEXT
) STRICT;

CREATE INDEX generations_of_engine ON generations (engine, created_at, id);
