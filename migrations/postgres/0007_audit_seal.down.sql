DROP FUNCTION proctor.readable(timestamptz);
DROP INDEX proctor.audit_by_seal;
ALTER TABLE proctor.audit DROP COLUMN seal;
ALTER TABLE proctor.audit DROP COLUMN count;
ALTER TABLE proctor.audit ADD COLUMN seal bytea;
ALTER TABLE proctor.audit ADD COLUMN sealed_at timestamptz;
CREATE INDEX audit_unsealed ON proctor.audit (id) WHERE seal IS NULL;
DROP TABLE proctor.audit_seal;
