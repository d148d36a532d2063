-- After a backup was put back, what was accepted before is not started until somebody says so.
ALTER TABLE execution ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
CREATE INDEX execution_held ON execution (created_at, id) WHERE held = 1;

-- Since when a hold is in force, and why in words; and the word of PROCTOR_HOLD at the last start, so that a restart
-- does not hold again what was released.
ALTER TABLE installation ADD COLUMN hold_since INTEGER;
ALTER TABLE installation ADD COLUMN hold_reason TEXT;
ALTER TABLE installation ADD COLUMN hold_word TEXT;

-- What runners had under names that no execution bears: each has a hold begin once.
CREATE TABLE stranger (
    name       TEXT    NOT NULL PRIMARY KEY,
    noticed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
