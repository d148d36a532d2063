-- In words, what a live execution waits for, as its runner tells it.
ALTER TABLE execution ADD COLUMN waiting TEXT;

-- A replica looks here for everything that it acts for.
CREATE INDEX execution_unfinished_of ON execution (owner) WHERE live = 1 OR log_open = 1;
