-- Seals over the audit trail. Each covers the rows that bear its number, whatever their ids: a row whose transaction
-- was slow to commit is covered by a later one.
CREATE TABLE proctor.audit_seal (
    number   bigint      PRIMARY KEY,
    at       timestamptz NOT NULL,
    -- The hash of the seal before it.
    previous bytea       NOT NULL,
    -- Id, time and digest of each row that it covers, in the order of ids.
    contents bytea       NOT NULL,
    hash     bytea       NOT NULL
);

DROP INDEX proctor.audit_unsealed;
ALTER TABLE proctor.audit DROP COLUMN seal;
ALTER TABLE proctor.audit DROP COLUMN sealed_at;
-- Of what is counted in place of being told one by one, how often it was.
ALTER TABLE proctor.audit ADD COLUMN count bigint NOT NULL DEFAULT 1;
-- The number of the seal that covers the row.
ALTER TABLE proctor.audit ADD COLUMN seal bigint;
CREATE INDEX audit_by_seal ON proctor.audit (seal, id);

-- A time that the service can read: who writes another one by hand is to be found out, and stops nobody.
CREATE FUNCTION proctor.readable(at timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN at < timestamptz '0001-01-01 00:00:00+00' THEN timestamptz '0001-01-01 00:00:00+00'
                WHEN at > timestamptz '9999-12-30 00:00:00+00' THEN timestamptz '9999-12-30 00:00:00+00'
                ELSE at END;
