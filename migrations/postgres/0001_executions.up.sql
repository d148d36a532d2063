-- Everything of Proctor lives in a schema of its own, so that a database may be shared with others.

CREATE SCHEMA IF NOT EXISTS proctor;

CREATE TABLE proctor.installation (
    only_row   boolean     PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    uuid       text        NOT NULL,
    checked_at timestamptz
);

INSERT INTO proctor.installation (uuid) VALUES (gen_random_uuid()::text);

-- The low bits of execution ids: they tell the executions of one 10 ms tick apart.
CREATE SEQUENCE proctor.execution_sequence AS integer MINVALUE 0 MAXVALUE 16383 CYCLE;

-- 39 bits of 10 ms ticks since 1970, below them 14 bits of the sequence; 53 bits in all.
CREATE FUNCTION proctor.new_execution_id(at timestamptz) RETURNS bigint
    LANGUAGE sql VOLATILE
    RETURN ((floor(extract(epoch FROM at) * 100)::bigint << 14)
            | nextval('proctor.execution_sequence')) & 9007199254740991;

CREATE TABLE proctor.execution (
    id                 bigint      PRIMARY KEY,
    -- The id that it had in the Go system, if it comes from there.
    v2_id              bigint,
    name               text        NOT NULL UNIQUE,
    proc_name          text        NOT NULL,
    "user"             text        NOT NULL,
    -- JSON: everything that a launch needs, except secret values.
    plan               text        NOT NULL,
    runner             text        NOT NULL,
    host               text,
    status             text        NOT NULL,
    reason             text,
    exit_code          integer,
    exit_signal        integer,
    started_at         timestamptz,
    finished_at        timestamptz,
    stop_by            text,
    stop_at            timestamptz,
    stop_grace_seconds bigint,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    start_before       timestamptz NOT NULL,
    callback_url       text,
    owner              text        NOT NULL,
    fence              bigint      NOT NULL,
    handle             text,
    -- The secrets that it was given, sealed; forgotten when its log is closed.
    sealed_secrets     bytea,
    -- Whether it takes one of the executions that its proc may have at once.
    slot               boolean     NOT NULL,
    log_open           boolean     NOT NULL,
    -- What it was when it was accepted, which is its first step; none, if it comes from the Go system.
    accepted_as        text,
    -- The idempotency key that stands for it, and the digest of the request that came with it.
    key                text,
    key_digest         text
);

CREATE UNIQUE INDEX execution_of_v2 ON proctor.execution (v2_id) WHERE v2_id IS NOT NULL;
CREATE UNIQUE INDEX execution_by_key ON proctor.execution ("user", key) WHERE key IS NOT NULL;
CREATE INDEX execution_by_time ON proctor.execution (created_at, id);
CREATE INDEX execution_by_proc ON proctor.execution (proc_name, created_at, id);
CREATE INDEX execution_by_user ON proctor.execution ("user", created_at, id);
CREATE INDEX execution_by_status ON proctor.execution (status, created_at, id);
CREATE INDEX execution_slots ON proctor.execution (proc_name) WHERE slot;
CREATE INDEX execution_queue ON proctor.execution (proc_name, created_at, id) WHERE status = 'QUEUED' AND NOT slot;
-- Somebody must act for these: their end or the end of their log is still to come.
CREATE INDEX execution_unfinished ON proctor.execution (host, owner)
    WHERE v2_id IS NULL AND (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'));

CREATE INDEX execution_stops ON proctor.execution (owner)
    WHERE stop_at IS NOT NULL AND v2_id IS NULL AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING');

-- The steps after the first one, from number 1 on.
CREATE TABLE proctor.step (
    execution_id bigint      NOT NULL REFERENCES proctor.execution (id) ON DELETE CASCADE,
    number       integer     NOT NULL,
    status       text        NOT NULL,
    at           timestamptz NOT NULL,
    reason       text,
    PRIMARY KEY (execution_id, number)
);

-- One row for each proc that ever had a limit. Whoever decides over the proc's slots locks it first; how many
-- are taken is counted from the executions, so that no slot can leak.
CREATE TABLE proctor.slot_lock (
    proc_name text PRIMARY KEY
);

CREATE TABLE proctor.delivery (
    -- A UUID, by which a receiver tells repeats.
    id           text        PRIMARY KEY,
    execution_id bigint      NOT NULL REFERENCES proctor.execution (id) ON DELETE CASCADE,
    kind         text        NOT NULL,
    target       text        NOT NULL,
    -- JSON.
    payload      text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts     integer     NOT NULL,
    last_error   text,
    next_at      timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    UNIQUE (execution_id, kind, target)
);

CREATE INDEX delivery_due ON proctor.delivery (next_at) WHERE state = 'pending';
CREATE INDEX delivery_by_time ON proctor.delivery (created_at, id);

CREATE TABLE proctor.audit (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    who        text        NOT NULL,
    action     text        NOT NULL,
    target     text        NOT NULL,
    source     text        NOT NULL,
    result     text        NOT NULL,
    request_id text        NOT NULL,
    -- Set by the sealer: a hash over this row and the seal before it.
    seal       bytea,
    sealed_at  timestamptz
);

CREATE INDEX audit_unsealed ON proctor.audit (id) WHERE seal IS NULL;
-- Rows come in the order of their times, so a summary of each stretch of them is enough.
CREATE INDEX audit_by_time ON proctor.audit USING brin (at);

-- The replicas, and until when each may act for its executions, by this server's clock.
CREATE TABLE proctor.replica (
    id         text        PRIMARY KEY,
    host       text        NOT NULL,
    began_at   timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
