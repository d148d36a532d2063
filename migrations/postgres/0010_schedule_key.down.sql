DROP INDEX proctor.schedule_by_key;
ALTER TABLE proctor.schedule
    DROP COLUMN key_user,
    DROP COLUMN key,
    DROP COLUMN key_digest;
