-- Deliveries are claimed by one replica at a time: next_at is then when the claim runs out, and claim the number under
-- which alone it may be settled. Several events of one execution go to one target, and some have no execution.
ALTER TABLE proctor.delivery ALTER COLUMN execution_id DROP NOT NULL;
ALTER TABLE proctor.delivery DROP CONSTRAINT delivery_execution_id_kind_target_key;
ALTER TABLE proctor.delivery
    ADD COLUMN event         text        NOT NULL DEFAULT 'finished',
    -- Those of one lane share what could be slow: a host, a plugin, the mail server.
    ADD COLUMN lane          text        NOT NULL DEFAULT 'callback',
    ADD COLUMN claim         bigint      NOT NULL DEFAULT 0,
    ADD COLUMN claimed_by    text,
    -- Since when it is tried; absent, since it was written.
    ADD COLUMN pending_since timestamptz;

CREATE UNIQUE INDEX delivery_of_event ON proctor.delivery (execution_id, kind, target, event);
CREATE INDEX delivery_claimed ON proctor.delivery (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX delivery_dead ON proctor.delivery (created_at, id) WHERE state = 'dead';
CREATE INDEX delivery_pending ON proctor.delivery (created_at, id) WHERE state = 'pending';
