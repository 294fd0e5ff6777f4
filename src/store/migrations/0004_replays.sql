-- Answers to requests with an idempotency key, for as long as the same request is told the same.
-- A row of status 0 is a claim: its request has not been answered, or the answer could not be kept.
-- Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE replays (
    scope      BLOB    NOT NULL PRIMARY KEY,
    owner      TEXT    NOT NULL,
    body_hash  BLOB    NOT NULL,
    status     INTEGER NOT NULL,
    headers    TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    bytes      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX replays_by_time ON replays (expires_at);
-- With the bytes, so that what an owner has is summed up without a look at the answers.
CREATE INDEX replays_by_owner ON replays (owner, expires_at, bytes);
