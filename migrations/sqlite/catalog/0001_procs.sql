-- catalog.db: published procs, their bundles, and their secrets, sealed.

CREATE TABLE proc (
    name       TEXT    NOT NULL PRIMARY KEY,
    -- JSON, as it was published.
    metadata   TEXT    NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No reference to proc: secrets may be set before the proc is published.
CREATE TABLE secret (
    proc_name  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    key_id     TEXT    NOT NULL,
    nonce      BLOB    NOT NULL,
    ciphertext BLOB    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (proc_name, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE bundle (
    digest     TEXT    NOT NULL PRIMARY KEY,
    bytes      BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
