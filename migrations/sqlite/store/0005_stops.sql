-- Who acts for an execution looks here for the wishes to stop that others have stored.
CREATE INDEX execution_stops ON execution (owner) WHERE stop_at IS NOT NULL AND live = 1;
