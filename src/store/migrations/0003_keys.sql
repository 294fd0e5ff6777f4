-- Keys issued by API, revoked ones too. Of a text only its SHA-256 is here. Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE keys (
    id            TEXT    NOT NULL PRIMARY KEY,
    hash          BLOB    NOT NULL,
    -- Of the text before, and until when it is good.
    earlier_hash  BLOB,
    earlier_until INTEGER,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER,
    rest          TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
