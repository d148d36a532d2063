CREATE TABLE proctor.schedule (
    -- From where the ids of executions come; never used again, since a removed schedule leaves its row.
    id            bigint      PRIMARY KEY,
    proc_name     text        NOT NULL,
    -- Of the args: two schedules of one proc with the same are alike.
    args_digest   text        NOT NULL,
    -- JSON: what its owner decides.
    definition    text        NOT NULL,
    owner         text        NOT NULL,
    -- Grows with each change that a person makes.
    version       bigint      NOT NULL,
    paused        boolean     NOT NULL,
    held_by       text        CHECK (held_by IN ('document', 'owner')),
    held_reason   text,
    -- Every moment up to this one has its row in `firing`.
    covered_until timestamptz NOT NULL,
    -- When something is to be done about it; none while it is paused, or if it has no more moments.
    next_at       timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    removed_at    timestamptz
);

CREATE UNIQUE INDEX schedule_alike ON proctor.schedule (proc_name, args_digest)
    WHERE removed_at IS NULL AND NOT paused AND next_at IS NOT NULL;
CREATE INDEX schedule_due ON proctor.schedule (next_at) WHERE removed_at IS NULL AND NOT paused;
CREATE INDEX schedule_by_time ON proctor.schedule (created_at, id) WHERE removed_at IS NULL;
CREATE INDEX schedule_by_proc ON proctor.schedule (proc_name, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX schedule_held ON proctor.schedule (id) WHERE removed_at IS NULL AND held_by IS NOT NULL;

-- What became of moments. One that fired has an execution; a stretch has none, but its last moment, how many there are
-- and why. Somebody who runs a schedule by hand makes a row without a moment.
CREATE TABLE proctor.firing (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id  bigint      NOT NULL REFERENCES proctor.schedule (id) ON DELETE CASCADE,
    moment       timestamptz,
    until        timestamptz,
    count        bigint      NOT NULL,
    why          text,
    execution_id bigint,
    at           timestamptz NOT NULL,
    UNIQUE (schedule_id, moment),
    CHECK ((why IS NULL) = (execution_id IS NOT NULL)),
    CHECK ((why IS NULL) = (until IS NULL))
);

CREATE INDEX firing_by_schedule ON proctor.firing (schedule_id, id);

-- The schedule that an execution is of.
ALTER TABLE proctor.execution ADD COLUMN schedule_id bigint;
CREATE INDEX execution_of_schedule ON proctor.execution (schedule_id)
    WHERE schedule_id IS NOT NULL AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING');

-- The groups that users had when they last asked for something, for plugins that tell of nobody who does not ask.
CREATE TABLE proctor.seen_user (
    email   text        PRIMARY KEY,
    -- JSON.
    groups  text        NOT NULL,
    seen_at timestamptz NOT NULL
);
