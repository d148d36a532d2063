ALTER TABLE proctor.execution DROP COLUMN waiting;
