-- How an execution ended that had been LOST before anybody saw it end.
ALTER TABLE execution ADD COLUMN late_status TEXT;
ALTER TABLE execution ADD COLUMN late_exit_code INTEGER;
ALTER TABLE execution ADD COLUMN late_signal INTEGER;
ALTER TABLE execution ADD COLUMN late_reason TEXT;
ALTER TABLE execution ADD COLUMN late_at INTEGER;

-- Who acts for an execution looks here for those that somebody has given up: their logs are still to be closed.
CREATE INDEX execution_given_up ON execution (owner)
    WHERE stop_at IS NOT NULL AND v2_id IS NULL AND status = 'LOST' AND log_open = 1;
