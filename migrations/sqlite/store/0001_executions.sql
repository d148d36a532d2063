-- proctor.db: executions with their steps, idempotency keys, deliveries and the audit trail.
-- Times are microseconds since 1970, UTC. Log bytes live in logs.db, so that they never hold up what is here.

CREATE TABLE installation (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    uuid       TEXT    NOT NULL,
    checked_at INTEGER
) STRICT;

-- A version 4 UUID, drawn here so that it exists before anything can refer to it.
INSERT INTO installation (only_row, uuid)
SELECT 1,
       substr(digits, 1, 8) || '-' || substr(digits, 9, 4) || '-4' || substr(digits, 14, 3) || '-'
           || substr('89ab', 1 + (random() & 3), 1) || substr(digits, 18, 3) || '-' || substr(digits, 21, 12)
  FROM (SELECT lower(hex(randomblob(16))) AS digits);

CREATE TABLE execution (
    id                 INTEGER PRIMARY KEY,
    name               TEXT    NOT NULL UNIQUE,
    proc_name          TEXT    NOT NULL,
    user               TEXT    NOT NULL,
    -- JSON: everything that a launch needs, except secret values.
    plan               TEXT    NOT NULL,
    runner             TEXT    NOT NULL,
    host               TEXT,
    status             TEXT    NOT NULL,
    reason             TEXT,
    exit_code          INTEGER,
    exit_signal        INTEGER,
    started_at         INTEGER,
    finished_at        INTEGER,
    stop_by            TEXT,
    stop_at            INTEGER,
    stop_grace_seconds INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    start_before       INTEGER NOT NULL,
    callback_url       TEXT,
    owner              TEXT    NOT NULL,
    fence              INTEGER NOT NULL,
    handle             TEXT,
    -- Whether it takes one of the executions that its proc may have at once.
    slot               INTEGER NOT NULL CHECK (slot IN (0, 1)),
    log_open           INTEGER NOT NULL CHECK (log_open IN (0, 1)),
    live               INTEGER NOT NULL
        GENERATED ALWAYS AS (status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')) VIRTUAL
) STRICT;

CREATE INDEX execution_by_time ON execution (created_at, id);
CREATE INDEX execution_by_proc ON execution (proc_name, created_at, id);
CREATE INDEX execution_by_user ON execution (user, created_at, id);
CREATE INDEX execution_by_status ON execution (status, created_at, id);
CREATE INDEX execution_slots ON execution (proc_name) WHERE slot = 1;
CREATE INDEX execution_queue ON execution (proc_name, created_at, id) WHERE status = 'QUEUED' AND slot = 0;
CREATE INDEX execution_unfinished ON execution (host) WHERE live = 1 OR log_open = 1;

CREATE TABLE step (
    execution_id INTEGER NOT NULL REFERENCES execution (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    status       TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    reason       TEXT,
    PRIMARY KEY (execution_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    user         TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    execution_id INTEGER NOT NULL REFERENCES execution (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_time ON idempotency (created_at);
CREATE INDEX idempotency_by_execution ON idempotency (execution_id);

CREATE TABLE delivery (
    -- A UUID, by which a receiver tells repeats.
    id           TEXT    NOT NULL PRIMARY KEY,
    execution_id INTEGER NOT NULL REFERENCES execution (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    -- JSON.
    payload      TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts     INTEGER NOT NULL,
    last_error   TEXT,
    next_at      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (execution_id, kind, target)
) STRICT;

CREATE INDEX delivery_due ON delivery (next_at) WHERE state = 'pending';
CREATE INDEX delivery_by_time ON delivery (created_at, id);

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    who        TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    result     TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    -- Set by the sealer: a hash over this row and the seal before it.
    seal       BLOB,
    sealed_at  INTEGER
) STRICT;

CREATE INDEX audit_unsealed ON audit (id) WHERE seal IS NULL;
CREATE INDEX audit_by_time ON audit (at, id);
