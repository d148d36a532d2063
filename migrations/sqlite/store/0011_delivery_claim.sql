-- Deliveries are claimed: next_at is then when the claim runs out, and claim the number under which alone it may be
-- settled. Several events of one execution go to one target, and some have no execution.
CREATE TABLE delivery_with_claims (
    -- A UUID, by which a receiver tells repeats.
    id            TEXT    NOT NULL PRIMARY KEY,
    execution_id  INTEGER REFERENCES execution (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL,
    target        TEXT    NOT NULL,
    -- JSON.
    payload       TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts      INTEGER NOT NULL,
    last_error    TEXT,
    next_at       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    event         TEXT    NOT NULL DEFAULT 'finished',
    -- Those of one lane share what could be slow: a host, a plugin, the mail server.
    lane          TEXT    NOT NULL DEFAULT 'callback',
    claim         INTEGER NOT NULL DEFAULT 0,
    claimed_by    TEXT,
    -- Since when it is tried; absent, since it was written.
    pending_since INTEGER
) STRICT;

INSERT INTO delivery_with_claims
       (id, execution_id, kind, target, payload, state, attempts, last_error, next_at, created_at, updated_at)
SELECT id, execution_id, kind, target, payload, state, attempts, last_error, next_at, created_at, updated_at
  FROM delivery;
DROP TABLE delivery;
ALTER TABLE delivery_with_claims RENAME TO delivery;

CREATE UNIQUE INDEX delivery_of_event ON delivery (execution_id, kind, target, event);
CREATE INDEX delivery_due ON delivery (next_at) WHERE state = 'pending';
CREATE INDEX delivery_by_time ON delivery (created_at, id);
CREATE INDEX delivery_claimed ON delivery (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (created_at, id) WHERE state = 'dead';
CREATE INDEX delivery_pending ON delivery (created_at, id) WHERE state = 'pending';
