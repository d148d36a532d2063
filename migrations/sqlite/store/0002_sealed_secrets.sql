-- The secrets that an execution was given, sealed by the catalog's key: whoever takes it over must mask the same
-- values. Forgotten when its log is closed.
ALTER TABLE execution ADD COLUMN sealed_secrets BLOB;
