WITH mine AS MATERIALIZED (
    SELECT id, clock_timestamp() AS at
      FROM proctor.execution
     WHERE id = $1 AND fence = $2 AND status = $3 AND stop_at IS NOT DISTINCT FROM $4 AND v2_id IS NULL
       AND NOT (held AND $14)
       FOR NO KEY UPDATE
), stepped AS (
    INSERT INTO proctor.step (execution_id, number, status, at, reason)
    SELECT id, (SELECT count(*) + 1 FROM proctor.step WHERE execution_id = $1), $5, at, $6 FROM mine
)
UPDATE proctor.execution AS execution
   SET status = $5, reason = $6, exit_code = $7, exit_signal = $8, started_at = $9, finished_at = $10,
       handle = coalesce($11, execution.handle), slot = $12,
       sealed_secrets = coalesce($13, execution.sealed_secrets), updated_at = mine.at,
       waiting = NULL, held = FALSE
  FROM mine
 WHERE execution.id = mine.id
RETURNING execution.*
