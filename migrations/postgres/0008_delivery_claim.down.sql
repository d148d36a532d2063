-- The release before knows callbacks alone, one for each execution and target.
DELETE FROM proctor.delivery WHERE kind <> 'callback' OR execution_id IS NULL;
DROP INDEX proctor.delivery_pending;
DROP INDEX proctor.delivery_dead;
DROP INDEX proctor.delivery_claimed;
DROP INDEX proctor.delivery_of_event;
ALTER TABLE proctor.delivery
    DROP COLUMN pending_since,
    DROP COLUMN claimed_by,
    DROP COLUMN claim,
    DROP COLUMN lane,
    DROP COLUMN event;
ALTER TABLE proctor.delivery ADD UNIQUE (execution_id, kind, target);
ALTER TABLE proctor.delivery ALTER COLUMN execution_id SET NOT NULL;
