WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS at
), numbered AS MATERIALIZED (
    SELECT at, proctor.new_execution_id(at) AS id FROM moment
), purged AS (
    DELETE FROM proctor.idempotency
     WHERE $12::text IS NOT NULL
       AND ctid = ANY (ARRAY(
               SELECT ctid FROM proctor.idempotency
                WHERE created_at <= (SELECT at FROM moment) - interval '24 hours'
                  AND ("user", key) <> ($3, $12)
                ORDER BY created_at LIMIT 8 FOR UPDATE SKIP LOCKED))
), claimed AS (
    INSERT INTO proctor.idempotency AS stored ("user", key, digest, execution_id, created_at)
    SELECT $3, $12, $13, id, at FROM numbered WHERE $12::text IS NOT NULL
    ON CONFLICT ("user", key) DO UPDATE
       SET digest = excluded.digest, execution_id = excluded.execution_id, created_at = excluded.created_at
     WHERE stored.created_at <= excluded.created_at - interval '24 hours'
    RETURNING 1
), chosen AS MATERIALIZED (
    SELECT id, at,
           CASE WHEN $7::text IS NOT NULL THEN 'REQUIREMENT_NOT_MET'
                -- Those who wait count as well: nobody overtakes them while a freed slot is not given out.
                WHEN $8::bigint <= (SELECT count(*) FROM proctor.execution
                                     WHERE proc_name = $2 AND slot)
                                 + (SELECT count(*) FROM proctor.execution
                                     WHERE proc_name = $2 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL)
                THEN 'QUEUED'
                ELSE 'RECEIVED'
           END AS status
      FROM numbered
     WHERE $12::text IS NULL OR EXISTS (SELECT FROM claimed)
), first_step AS (
    INSERT INTO proctor.step (execution_id, number, status, at, reason)
    SELECT id, 0, status, at, $7 FROM chosen
), audited AS (
    INSERT INTO proctor.audit (at, who, action, target, source, result, request_id)
    SELECT at, $14, $15, id::text, $16, $17, $18 FROM chosen
)
INSERT INTO proctor.execution
       (id, name, proc_name, "user", plan, runner, host, status, reason, created_at, updated_at, start_before,
        callback_url, owner, fence, slot, log_open)
SELECT id, $1, $2, $3, $4, $5, $6, status, $7, at, at, at + make_interval(secs => $9),
       $10, $11, 1, status = 'RECEIVED', status <> 'REQUIREMENT_NOT_MET'
  FROM chosen
RETURNING *
