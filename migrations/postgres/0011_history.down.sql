DROP INDEX proctor.delivery_of_none;
DROP INDEX proctor.firing_stretch;
DROP INDEX proctor.firing_of_execution;
ALTER TABLE proctor.firing DROP CONSTRAINT firing_execution_id_fkey;
