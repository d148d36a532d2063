-- A row that fired is there as long as its execution. What has none is forgotten when it is old.
CREATE TABLE firing_of_executions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule_id  INTEGER NOT NULL REFERENCES schedule (id) ON DELETE CASCADE,
    moment       INTEGER,
    until        INTEGER,
    count        INTEGER NOT NULL,
    why          TEXT,
    execution_id INTEGER REFERENCES execution (id) ON DELETE CASCADE,
    at           INTEGER NOT NULL,
    UNIQUE (schedule_id, moment),
    CHECK ((why IS NULL) = (execution_id IS NOT NULL)),
    CHECK ((why IS NULL) = (until IS NULL))
) STRICT;

INSERT INTO firing_of_executions (id, schedule_id, moment, until, count, why, execution_id, at)
SELECT id, schedule_id, moment, until, count, why, execution_id, at FROM firing;
DROP TABLE firing;
ALTER TABLE firing_of_executions RENAME TO firing;

CREATE INDEX firing_by_schedule ON firing (schedule_id, id);
CREATE INDEX firing_of_execution ON firing (execution_id) WHERE execution_id IS NOT NULL;
CREATE INDEX firing_stretch ON firing (at) WHERE execution_id IS NULL;
CREATE INDEX delivery_of_none ON delivery (updated_at)
    WHERE execution_id IS NULL AND state IN ('delivered', 'dead');
