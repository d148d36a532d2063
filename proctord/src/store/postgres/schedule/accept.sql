WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS at
), new AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::bigint[])
        AS new (name, proc_name, plan, runner, host, status, reason, schedule_id)
), accepted AS (
    INSERT INTO proctor.execution
           (id, name, proc_name, "user", plan, runner, host, status, accepted_as, reason, created_at, updated_at,
            start_before, owner, fence, slot, log_open, schedule_id)
    SELECT proctor.new_execution_id(at), name, proc_name, $9, plan, runner, host, status, status, reason, at, at,
           at + make_interval(secs => $10), $11, 1, status = 'RECEIVED', status <> 'REQUIREMENT_NOT_MET', schedule_id
      FROM moment, new
    RETURNING id, name, status, created_at, start_before
), audited AS (
    INSERT INTO proctor.audit (at, who, action, target, source, result, request_id)
    SELECT created_at, $12, $13, id::text, $14,
           CASE status WHEN 'REQUIREMENT_NOT_MET' THEN 'refused' ELSE 'done' END, $15
      FROM accepted
)
SELECT id AS "id!", name AS "name!", created_at AS "created_at!", start_before AS "start_before!" FROM accepted
