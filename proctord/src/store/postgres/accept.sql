WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS at
), accepted AS (
    INSERT INTO proctor.execution
           (id, name, proc_name, "user", plan, runner, host, status, accepted_as, reason, created_at, updated_at,
            start_before, callback_url, owner, fence, slot, log_open, key, key_digest)
    SELECT proctor.new_execution_id(at), $1, $2, $3, $4, $5, $6, $7, $7, $8, at, at, at + make_interval(secs => $9),
           $10, $11, 1, $7 = 'RECEIVED', $7 <> 'REQUIREMENT_NOT_MET', $12, $13
      FROM moment
    ON CONFLICT ("user", key) WHERE key IS NOT NULL DO NOTHING
    RETURNING id, created_at, start_before
), audited AS (
    INSERT INTO proctor.audit (at, who, action, target, source, result, request_id)
    SELECT created_at, $14, $15, id::text, $16, $17, $18 FROM accepted
)
SELECT id AS "id!", created_at AS "created_at!", start_before AS "start_before!" FROM accepted
