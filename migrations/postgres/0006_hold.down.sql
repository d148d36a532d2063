DROP TABLE proctor.stranger;
ALTER TABLE proctor.installation DROP COLUMN hold_word;
ALTER TABLE proctor.installation DROP COLUMN hold_reason;
ALTER TABLE proctor.installation DROP COLUMN hold_since;
DROP INDEX proctor.execution_held;
ALTER TABLE proctor.execution DROP COLUMN held;
