-- In words, what a live execution waits for, as its runner tells it.
ALTER TABLE proctor.execution ADD COLUMN waiting text;
