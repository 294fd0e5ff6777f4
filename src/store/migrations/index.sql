-- The index of the ledger. All of it can be made again, so these tables are never altered: another version makes them anew.
-- Texts are hashes of eight bytes (audit::index::Tag), times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE epochs (
    number       INTEGER NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    next         INTEGER NOT NULL,
    segment      INTEGER NOT NULL,
    offset       INTEGER NOT NULL,
    last_segment INTEGER,
    last_offset  INTEGER,
    last_hash    TEXT,
    complete     INTEGER NOT NULL
) STRICT;

-- In the order of lists, which is nearly that of the ledger: a new row goes to the end.
CREATE TABLE calls (
    time          INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    segment       INTEGER NOT NULL,
    offset        INTEGER NOT NULL,
    call          BLOB,
    kind          INTEGER,
    tenant        INTEGER,
    actor         INTEGER,
    capability    INTEGER,
    outcome       INTEGER,
    code          INTEGER,
    risk          INTEGER,
    session       INTEGER,
    surface       INTEGER,
    result_status INTEGER,
    PRIMARY KEY (time, epoch, seq)
) STRICT, WITHOUT ROWID;

-- What became of a call may be read before the call itself, when two processes write.
CREATE TABLE executions (
    call          BLOB    NOT NULL PRIMARY KEY,
    epoch         INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    segment       INTEGER NOT NULL,
    offset        INTEGER NOT NULL,
    result        INTEGER,
    result_status INTEGER
) STRICT, WITHOUT ROWID;

-- Ids begin with their time, so that here too new rows go to the end.
CREATE INDEX calls_by_call ON calls (call, time, epoch, seq) WHERE call IS NOT NULL;
-- What stands behind the order lets lists be counted without a look at the table.
CREATE INDEX calls_by_actor ON calls (actor, time, epoch, seq, tenant, kind, outcome, capability)
    WHERE actor IS NOT NULL;
CREATE INDEX calls_by_capability ON calls (capability, time, epoch, seq, tenant, kind, outcome)
    WHERE capability IS NOT NULL;
CREATE INDEX calls_by_tenant ON calls (tenant, kind, time, epoch, seq, outcome) WHERE tenant IS NOT NULL;
CREATE INDEX calls_by_session ON calls (session, time, epoch, seq) WHERE session IS NOT NULL;
-- The calls of the policy server; those of the data plane have none.
CREATE INDEX calls_by_surface ON calls (surface, time, epoch, seq) WHERE surface IS NOT NULL;
-- What most calls have is found by time as well, so it is left out. The numbers are hashes of the texts behind them.
CREATE INDEX calls_not_allowed ON calls (outcome, time, epoch, seq, tenant, kind)
    WHERE outcome <> 2711861370549868648; -- ALLOW
CREATE INDEX calls_by_rare_code ON calls (code, time, epoch, seq)
    WHERE code <> -8734854206546003753 AND code <> -323047424751841557; -- rule_allowed, default_allowed
CREATE INDEX calls_by_high_risk ON calls (risk, time, epoch, seq)
    WHERE risk <> 7791210440488861124 AND risk <> -4575017947882921414; -- low, medium
CREATE INDEX calls_by_other_tenant ON calls (tenant, time, epoch, seq)
    WHERE tenant <> 4010717984327297149 AND tenant <> 3393526427588049651; -- default, anonymous
