-- Replicas, and until when each may act for its executions.
CREATE TABLE replica (
    id         TEXT    NOT NULL PRIMARY KEY,
    host       TEXT    NOT NULL,
    began_at   INTEGER NOT NULL,
    renewed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
