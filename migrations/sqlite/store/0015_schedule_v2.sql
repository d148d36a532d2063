-- The id that a schedule had in version 2.
ALTER TABLE schedule ADD COLUMN v2_id INTEGER;
CREATE UNIQUE INDEX schedule_of_v2 ON schedule (v2_id) WHERE v2_id IS NOT NULL;
