-- Calls that wait for a person. What is asked for by a query is a column, the rest is JSON in `rest`.
-- Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE holds (
    id         TEXT    NOT NULL PRIMARY KEY,
    revision   INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    recorded   INTEGER NOT NULL,
    tenant     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    capability TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    ticket     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rest       TEXT    NOT NULL
) STRICT;

-- A repeated call finds its hold, and there is one such hold at most.
CREATE UNIQUE INDEX holds_of_call ON holds (tenant, digest)
    WHERE ticket = 1 AND state IN ('pending', 'approved');
CREATE INDEX holds_rejected ON holds (tenant, digest, expires_at) WHERE state = 'rejected';

-- What runs out next, and how many wait.
CREATE INDEX holds_open ON holds (expires_at, state, tenant, actor)
    WHERE state IN ('pending', 'approved');

-- What the ledger is still to be told, and what may be forgotten.
CREATE INDEX holds_unrecorded ON holds (recorded) WHERE recorded = 0;
CREATE INDEX holds_ended ON holds (expires_at)
    WHERE recorded = 1 AND state IN ('consumed', 'rejected', 'expired', 'cancelled');

-- Lists, newest first.
CREATE INDEX holds_by_state ON holds (state, created_at, id);
CREATE INDEX holds_by_tenant ON holds (tenant, created_at, id);
CREATE INDEX holds_by_time ON holds (created_at, id);
