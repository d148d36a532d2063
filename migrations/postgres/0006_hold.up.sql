-- After a backup was put back, what was accepted before is not started until somebody says so.
ALTER TABLE proctor.execution ADD COLUMN held boolean NOT NULL DEFAULT FALSE;
CREATE INDEX execution_held ON proctor.execution (created_at, id) WHERE held;

-- Since when a hold is in force, and why in words; and the word of PROCTOR_HOLD at the last start, so that a restart
-- does not hold again what was released.
ALTER TABLE proctor.installation ADD COLUMN hold_since timestamptz;
ALTER TABLE proctor.installation ADD COLUMN hold_reason text;
ALTER TABLE proctor.installation ADD COLUMN hold_word text;

-- What runners had under names that no execution bears: each has a hold begin once.
CREATE TABLE proctor.stranger (
    name       text        PRIMARY KEY,
    noticed_at timestamptz NOT NULL
);
