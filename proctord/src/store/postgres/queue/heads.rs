//! The queues as they stand: which procs have one, and who is the first in each, as it is seen on a host. An
//! execution of another host is passed over while nobody acts for that host.

use sqlx::PgConnection;

use crate::store::StoreError;
use crate::store::postgres::fault::failed;
use crate::store::postgres::row;
use crate::store::queue::{Head, limit_of};

/// The procs that have a queue. From one to the next by the index: a long queue costs no more than a short one.
pub(super) async fn procs(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE queue AS (
               (SELECT proc_name FROM proctor.execution
                 WHERE status = 'QUEUED' AND NOT slot ORDER BY proc_name LIMIT 1)
               UNION ALL
               SELECT (SELECT proc_name FROM proctor.execution
                        WHERE status = 'QUEUED' AND NOT slot AND proc_name > queue.proc_name
                        ORDER BY proc_name LIMIT 1)
                 FROM queue WHERE queue.proc_name IS NOT NULL)
           SELECT proc_name AS "proc_name!" FROM queue WHERE proc_name IS NOT NULL"#,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("look for queues"))
}

/// The first in the queue of each of these procs, and how many slots of it are taken.
pub(super) async fn of(
    connection: &mut PgConnection,
    procs: &[String],
    host: Option<&str>,
) -> Result<Vec<Head>, StoreError> {
    if procs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"SELECT head.id AS "id!", head.created_at AS "created_at!", head.plan AS "plan!", queue.proc_name AS "proc_name!",
                  (SELECT count(*) FROM proctor.execution AS other
                    WHERE other.proc_name = queue.proc_name AND other.slot) AS "taken!"
             FROM unnest($1::text[]) AS queue (proc_name)
            CROSS JOIN LATERAL (
                  SELECT id, created_at, plan FROM proctor.execution
                   WHERE execution.proc_name = queue.proc_name
                     AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held
                     AND (host IS NULL OR host = $2
                          OR EXISTS (SELECT FROM proctor.replica
                                      WHERE replica.id = execution.owner AND expires_at > clock_timestamp()))
                   ORDER BY created_at, id LIMIT 1) AS head"#,
        procs,
        host,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read queues"))?;
    let heads = rows.into_iter().map(|row| {
        let id = row::id(row.id)?;
        Ok(Head {
            id,
            created_at: row.created_at.to_jiff(),
            max_concurrent: limit_of(id, &row.plan)?,
            proc_name: row.proc_name,
            taken: row.taken,
        })
    });
    heads.collect()
}
