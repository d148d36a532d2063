CREATE TABLE schedule (
    -- From where the ids of executions come; never used again, since a removed schedule leaves its row.
    id            INTEGER PRIMARY KEY,
    proc_name     TEXT    NOT NULL,
    -- Of the args: two schedules of one proc with the same are alike.
    args_digest   TEXT    NOT NULL,
    -- JSON: what its owner decides.
    definition    TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    -- Grows with each change that a person makes.
    version       INTEGER NOT NULL,
    paused        INTEGER NOT NULL CHECK (paused IN (0, 1)),
    held_by       TEXT    CHECK (held_by IN ('document', 'owner')),
    held_reason   TEXT,
    -- Every moment up to this one has its row in `firing`.
    covered_until INTEGER NOT NULL,
    -- When something is to be done about it; none while it is paused, or if it has no more moments.
    next_at       INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    removed_at    INTEGER
) STRICT;

CREATE UNIQUE INDEX schedule_alike ON schedule (proc_name, args_digest)
    WHERE removed_at IS NULL AND paused = 0 AND next_at IS NOT NULL;
CREATE INDEX schedule_due ON schedule (next_at) WHERE removed_at IS NULL AND paused = 0;
CREATE INDEX schedule_by_time ON schedule (created_at, id) WHERE removed_at IS NULL;
CREATE INDEX schedule_by_proc ON schedule (proc_name, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX schedule_held ON schedule (id) WHERE removed_at IS NULL AND held_by IS NOT NULL;

-- What became of moments. One that fired has an execution; a stretch has none, but its last moment, how many there are
-- and why. Somebody who runs a schedule by hand makes a row without a moment.
CREATE TABLE firing (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule_id  INTEGER NOT NULL REFERENCES schedule (id) ON DELETE CASCADE,
    moment       INTEGER,
    until        INTEGER,
    count        INTEGER NOT NULL,
    why          TEXT,
    execution_id INTEGER,
    at           INTEGER NOT NULL,
    UNIQUE (schedule_id, moment),
    CHECK ((why IS NULL) = (execution_id IS NOT NULL)),
    CHECK ((why IS NULL) = (until IS NULL))
) STRICT;

CREATE INDEX firing_by_schedule ON firing (schedule_id, id);

-- The schedule that an execution is of.
ALTER TABLE execution ADD COLUMN schedule_id INTEGER;
CREATE INDEX execution_of_schedule ON execution (schedule_id)
    WHERE schedule_id IS NOT NULL AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING');

-- The groups that users had when they last asked for something, for plugins that tell of nobody who does not ask.
CREATE TABLE seen_user (
    email   TEXT    NOT NULL PRIMARY KEY,
    -- JSON.
    groups  TEXT    NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
