-- The logs of executions as chunks of bytes addressed by offset, with numbered events beside them. `log` is the
-- head of each log: what continues it, and whether anything may.

CREATE TABLE proctor.log (
    execution_id bigint  PRIMARY KEY REFERENCES proctor.execution (id) ON DELETE CASCADE,
    length       bigint  NOT NULL,
    -- Where the upstream's reader stands after the last byte; in the runner's own words.
    cursor       text,
    -- How many events there are; the next one's number.
    events       bigint  NOT NULL,
    ended        boolean NOT NULL,
    -- Of a log over the limit the bytes from gap_start up to gap_end are deleted, both the beginnings of chunks.
    gap_start    bigint,
    gap_end      bigint
) WITH (fillfactor = 50);

CREATE TABLE proctor.chunk (
    execution_id bigint  NOT NULL REFERENCES proctor.log (execution_id) ON DELETE CASCADE,
    "offset"     bigint  NOT NULL,
    -- Of the bytes before they were packed.
    length       integer NOT NULL,
    codec        text    NOT NULL,
    bytes        bytea   NOT NULL,
    PRIMARY KEY (execution_id, "offset")
);

-- They are packed already.
ALTER TABLE proctor.chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE proctor.event (
    execution_id bigint NOT NULL REFERENCES proctor.log (execution_id) ON DELETE CASCADE,
    number       bigint NOT NULL,
    "offset"     bigint NOT NULL,
    -- JSON.
    event        text   NOT NULL,
    PRIMARY KEY (execution_id, number)
);
