-- Of a log over the limit a head and a sliding tail are kept. What lies between is deleted: the bytes from
-- gap_start up to gap_end, both the beginnings of chunks.
ALTER TABLE log ADD COLUMN gap_start INTEGER;
ALTER TABLE log ADD COLUMN gap_end INTEGER;
