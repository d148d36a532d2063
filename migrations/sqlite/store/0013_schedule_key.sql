-- The idempotency key that stands for a schedule, whose it is, and the digest of the request that came with it.
ALTER TABLE schedule ADD COLUMN key_user TEXT;
ALTER TABLE schedule ADD COLUMN key TEXT;
ALTER TABLE schedule ADD COLUMN key_digest TEXT;

CREATE UNIQUE INDEX schedule_by_key ON schedule (key_user, key) WHERE key IS NOT NULL;
