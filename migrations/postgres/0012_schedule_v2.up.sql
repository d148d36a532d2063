-- The id that a schedule had in version 2.
ALTER TABLE proctor.schedule ADD COLUMN v2_id bigint;
CREATE UNIQUE INDEX schedule_of_v2 ON proctor.schedule (v2_id) WHERE v2_id IS NOT NULL;
