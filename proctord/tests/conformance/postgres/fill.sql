-- Two hundred thousand executions as they may have gathered over the years, a thousandth of them unfinished.
INSERT INTO proctor.execution
       (id, name, proc_name, "user", plan, runner, host, status, created_at, updated_at, start_before, owner, fence,
        slot, log_open, finished_at, accepted_as, key, schedule_id)
SELECT n, 'proctor-' || n, 'proc-' || n % 200, 'user-' || n % 500, '{}', 'kubernetes',
       CASE n % 3 WHEN 0 THEN 'host-' || n % 7 END,
       CASE WHEN n % 1000 = 0 THEN 'RUNNING' WHEN n % 1000 = 1 THEN 'QUEUED' WHEN n % 10 = 2 THEN 'FAILED'
            ELSE 'SUCCEEDED' END,
       at, at, at, 'replica-' || n % 5, 1, n % 1000 = 0, n % 1000 < 3, at, 'RECEIVED',
       'key-' || n, CASE WHEN n % 2 = 0 THEN 2000001 + n % 20000 END
  FROM (SELECT n, timestamptz '2026-01-01' + n * interval '1 second' AS at
          FROM generate_series(1, 200000) AS n) AS moments;
INSERT INTO proctor.step (execution_id, number, status, at)
SELECT id, 1, status, created_at FROM proctor.execution;
INSERT INTO proctor.log (execution_id, length, events, ended)
SELECT id, 100, 1, NOT log_open FROM proctor.execution;
INSERT INTO proctor.chunk (execution_id, "offset", length, codec, bytes)
SELECT id, 0, 100, 'raw', '\x00' FROM proctor.execution;
INSERT INTO proctor.event (execution_id, number, "offset", event)
SELECT id, 0, 100, '{}' FROM proctor.execution;
INSERT INTO proctor.audit (at, who, action, target, source, result, request_id, seal)
SELECT created_at, "user", 'execution.create', id::text, '', 'done', '', CASE WHEN id < 199000 THEN id / 100 + 1 END
  FROM proctor.execution;
INSERT INTO proctor.audit_seal (number, at, previous, contents, hash)
SELECT n, timestamptz '2026-01-01', '\x00', '\x00', '\x00' FROM generate_series(1, 1990) AS n;
INSERT INTO proctor.delivery
       (id, execution_id, kind, target, payload, state, attempts, last_error, next_at, created_at, updated_at)
SELECT name, id, 'callback', '', '{}', CASE WHEN id % 100 = 0 THEN 'pending' ELSE 'delivered' END, 0, NULL,
       created_at, created_at, created_at
  FROM proctor.execution WHERE id % 10 = 0;
-- Most schedules that there ever were have been removed.
INSERT INTO proctor.schedule
       (id, proc_name, args_digest, definition, owner, version, paused, covered_until, next_at, created_at, updated_at,
        removed_at)
SELECT 2000000 + n, 'proc-' || n % 200, 'digest-' || n, '{}', 'user-' || n % 500, 1, n % 200 = 0, at,
       CASE WHEN n % 100 = 1 THEN at END, at, at, CASE WHEN n % 100 > 1 THEN at END
  FROM (SELECT n, timestamptz '2026-01-01' + n * interval '1 minute' AS at
          FROM generate_series(1, 20000) AS n) AS moments;
INSERT INTO proctor.firing (schedule_id, moment, count, execution_id, at)
SELECT 2000001 + id % 20000, created_at, 1, id, created_at FROM proctor.execution WHERE id % 2 = 0;
INSERT INTO proctor.seen_user SELECT 'user-' || n, '[]', timestamptz '2026-01-01' FROM generate_series(1, 10000) AS n;
ANALYZE;
