-- The idempotency key that stands for a schedule, whose it is, and the digest of the request that came with it.
ALTER TABLE proctor.schedule
    ADD COLUMN key_user   text,
    ADD COLUMN key        text,
    ADD COLUMN key_digest text;

CREATE UNIQUE INDEX schedule_by_key ON proctor.schedule (key_user, key) WHERE key IS NOT NULL;
