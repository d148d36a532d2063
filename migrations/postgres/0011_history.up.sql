-- A row that fired is there as long as its execution. What has none is forgotten when it is old.
ALTER TABLE proctor.firing
    ADD CONSTRAINT firing_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES proctor.execution (id) ON DELETE CASCADE;

CREATE INDEX firing_of_execution ON proctor.firing (execution_id) WHERE execution_id IS NOT NULL;
CREATE INDEX firing_stretch ON proctor.firing (at) WHERE execution_id IS NULL;
CREATE INDEX delivery_of_none ON proctor.delivery (updated_at)
    WHERE execution_id IS NULL AND state IN ('delivered', 'dead');
