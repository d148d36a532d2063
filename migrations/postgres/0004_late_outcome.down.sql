DROP INDEX proctor.execution_given_up;
ALTER TABLE proctor.execution
    DROP COLUMN late_status,
    DROP COLUMN late_exit_code,
    DROP COLUMN late_signal,
    DROP COLUMN late_reason,
    DROP COLUMN late_at;
