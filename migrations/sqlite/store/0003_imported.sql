-- Executions of version 2 keep the id that they had there, and are over whatever their status says: version 2 left
-- some CREATED for ever.
DROP INDEX execution_unfinished;
ALTER TABLE execution DROP COLUMN live;

ALTER TABLE execution ADD COLUMN v2_id INTEGER;
ALTER TABLE execution ADD COLUMN live INTEGER NOT NULL
    GENERATED ALWAYS AS (v2_id IS NULL AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')) VIRTUAL;

CREATE INDEX execution_unfinished ON execution (host) WHERE live = 1 OR log_open = 1;
CREATE UNIQUE INDEX execution_by_v2_id ON execution (v2_id) WHERE v2_id IS NOT NULL;
-- Those that would pass for live ones where executions are counted by status.
CREATE INDEX execution_left_by_v2 ON execution (status)
    WHERE v2_id IS NOT NULL AND status IN ('RECEIVED', 'CREATED');
