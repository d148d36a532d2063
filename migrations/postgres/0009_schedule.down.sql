DROP TABLE proctor.seen_user;
DROP INDEX proctor.execution_of_schedule;
ALTER TABLE proctor.execution DROP COLUMN schedule_id;
DROP TABLE proctor.firing;
DROP TABLE proctor.schedule;
