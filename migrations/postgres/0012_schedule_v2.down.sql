DROP INDEX proctor.schedule_of_v2;
ALTER TABLE proctor.schedule DROP COLUMN v2_id;
