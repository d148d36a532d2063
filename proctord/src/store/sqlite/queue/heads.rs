//! The queues as they stand: which procs have one, and who is the first in each, as it is seen on a host. An
//! execution of another host is passed over while nobody acts for that host.

use sqlx::SqliteConnection;

use super::slots;
use crate::store::StoreError;
use crate::store::queue::{Head, limit_of};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row;
use crate::store::sqlite::time::{micros, now};

// Left alone, SQLite would sort all that is QUEUED.
pub(in crate::store::sqlite) const NEXT_PROC: &str = "
    SELECT proc_name FROM execution INDEXED BY execution_queue
     WHERE status = 'QUEUED' AND slot = 0 AND proc_name > ? ORDER BY proc_name LIMIT 1";

pub(in crate::store::sqlite) const HEAD: &str = "
    SELECT * FROM execution
     WHERE proc_name = ?1 AND status = 'QUEUED' AND slot = 0 AND stop_at IS NULL AND held = 0
       AND (host IS NULL OR host = ?2
            OR EXISTS (SELECT 1 FROM replica WHERE replica.id = execution.owner AND expires_at > ?3))
     ORDER BY created_at, id LIMIT 1";

/// The first in each queue. From one proc to the next by the index: a long queue costs no more than a short one.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    host: Option<&str>,
) -> Result<Vec<Head>, StoreError> {
    let mut heads = Vec::new();
    // No proc has an empty name.
    let mut last = String::new();
    while let Some(proc_name) = following(connection, &last).await? {
        heads.extend(of(connection, &proc_name, host).await?);
        last = proc_name;
    }
    Ok(heads)
}

async fn following(
    connection: &mut SqliteConnection,
    proc_name: &str,
) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar(NEXT_PROC)
        .bind(proc_name)
        .fetch_optional(connection)
        .await
        .map_err(failed("look for queues"))
}

/// The first in the queue of a proc, and how many slots of it are taken.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    proc_name: &str,
    host: Option<&str>,
) -> Result<Option<Head>, StoreError> {
    let first = sqlx::query(HEAD)
        .bind(proc_name)
        .bind(host)
        .bind(micros(now()))
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed("read the queue of a proc"))?;
    let Some(first) = first else {
        return Ok(None);
    };
    let id = row::id(&first)?;
    let columns = row::Columns::new(&first, format!("execution {id}"));
    Ok(Some(Head {
        id,
        created_at: columns.moment("created_at")?,
        max_concurrent: limit_of(id, columns.get("plan")?)?,
        taken: slots::taken(connection, proc_name).await?,
        proc_name: proc_name.to_owned(),
    }))
}
