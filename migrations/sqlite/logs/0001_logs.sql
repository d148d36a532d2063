-- logs.db: the logs of executions as chunks of bytes addressed by offset, with numbered events beside them.
-- `log` is the head of each log: what continues it, and whether anything may.

CREATE TABLE log (
    execution_id INTEGER PRIMARY KEY,
    length       INTEGER NOT NULL,
    -- Where the upstream's reader stands after the last byte; in the runner's own words.
    cursor       TEXT,
    -- How many events there are; the next one's number.
    events       INTEGER NOT NULL,
    ended        INTEGER NOT NULL CHECK (ended IN (0, 1))
) STRICT;

-- A rowid table on purpose: chunks are far larger than what fits well into the nodes of a WITHOUT ROWID tree.
CREATE TABLE chunk (
    execution_id INTEGER NOT NULL,
    offset       INTEGER NOT NULL,
    -- Of the bytes before they were packed.
    length       INTEGER NOT NULL,
    codec        TEXT    NOT NULL,
    bytes        BLOB    NOT NULL,
    PRIMARY KEY (execution_id, offset)
) STRICT;

CREATE TABLE event (
    execution_id INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    offset       INTEGER NOT NULL,
    -- JSON.
    event        TEXT    NOT NULL,
    PRIMARY KEY (execution_id, number)
) STRICT, WITHOUT ROWID;
