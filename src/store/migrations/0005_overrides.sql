-- Overrides of evaluations, one for each that somebody has voted to override.
-- Times are microseconds since 1970-01-01T00:00:00Z. votes is JSON: who has voted, and with which roles.
CREATE TABLE overrides (
    decision_id   TEXT    NOT NULL PRIMARY KEY,
    revision      INTEGER NOT NULL,
    tenant        TEXT    NOT NULL,
    message_hash  BLOB    NOT NULL,
    justification TEXT    NOT NULL,
    votes         TEXT    NOT NULL,
    granted       INTEGER NOT NULL,
    requested_at  INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

-- Those that run out; what was granted stays.
CREATE INDEX overrides_by_time ON overrides (expires_at) WHERE granted = 0;
