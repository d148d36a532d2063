-- How an execution ended that had been LOST before anybody saw it end.
ALTER TABLE proctor.execution
    ADD COLUMN late_status    text,
    ADD COLUMN late_exit_code integer,
    ADD COLUMN late_signal    integer,
    ADD COLUMN late_reason    text,
    ADD COLUMN late_at        timestamptz;

-- Who acts for an execution looks here for those that somebody has given up: their logs are still to be closed.
CREATE INDEX execution_given_up ON proctor.execution (owner)
    WHERE stop_at IS NOT NULL AND v2_id IS NULL AND status = 'LOST' AND log_open;
