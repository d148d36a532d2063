DROP TABLE proctor.event;
DROP TABLE proctor.chunk;
DROP TABLE proctor.log;
