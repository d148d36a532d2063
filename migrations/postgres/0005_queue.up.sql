-- Executions that have got a slot and are not launched yet: each replica asks for its own ones each second.
CREATE INDEX execution_admitted ON proctor.execution (owner) WHERE status = 'QUEUED' AND slot;
