-- Seals over the audit trail. Each covers the rows that bear its number.
CREATE TABLE audit_seal (
    number   INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    -- The hash of the seal before it.
    previous BLOB    NOT NULL,
    -- Id, time and digest of each row that it covers, in the order of ids.
    contents BLOB    NOT NULL,
    hash     BLOB    NOT NULL
) STRICT;

DROP INDEX audit_unsealed;
ALTER TABLE audit DROP COLUMN seal;
ALTER TABLE audit DROP COLUMN sealed_at;
-- Of what is counted in place of being told one by one, how often it was.
ALTER TABLE audit ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
-- The number of the seal that covers the row.
ALTER TABLE audit ADD COLUMN seal INTEGER;
CREATE INDEX audit_by_seal ON audit (seal, id);
