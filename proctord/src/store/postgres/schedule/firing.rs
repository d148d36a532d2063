//! Rows of `firing`: what became of moments. A stretch that goes on as the last one ended makes that one longer.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use proctor_api::{Firing, Why};
use sqlx::PgConnection;

use super::clock::Clock;
use super::read;
use crate::domain::id::ExecutionId;
use crate::domain::schedule::{ScheduleId, Stretch};
use crate::store::postgres::fault::failed;
use crate::store::schedule::page_of;
use crate::store::{FiringsPage, StoreError};

/// A moment that fired.
pub(super) struct FiredRow {
    pub schedule: ScheduleId,
    pub moment: Timestamp,
    pub execution: ExecutionId,
}

/// Stretches as arrays, a place for each.
#[derive(Default)]
struct Columns {
    ids: Vec<i64>,
    /// In microseconds, as `untils`.
    moments: Vec<i64>,
    untils: Vec<i64>,
    counts: Vec<i64>,
    whys: Vec<String>,
}

impl Columns {
    fn of(stretches: &[(ScheduleId, Stretch)]) -> Self {
        let mut columns = Self::default();
        for (id, stretch) in stretches {
            columns.ids.push(id.as_i64());
            columns.moments.push(stretch.from.as_microsecond());
            columns.untils.push(stretch.to.as_microsecond());
            columns.counts.push(stretch.count.cast_signed());
            columns.whys.push(stretch.why.as_str().to_owned());
        }
        columns
    }
}

/// Adds a stretch that follows everything that is covered so far.
pub(super) async fn add_stretch(
    connection: &mut PgConnection,
    id: ScheduleId,
    stretch: &Stretch,
    now: Timestamp,
) -> Result<(), StoreError> {
    add_stretches(connection, &[(id, *stretch)], now).await
}

/// As `add_stretch`, for the first stretch of several schedules.
pub(super) async fn add_stretches(
    connection: &mut PgConnection,
    stretches: &[(ScheduleId, Stretch)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if stretches.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(stretches);
    let longer = sqlx::query_scalar!(
        r#"WITH new AS (
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
                   AS new (schedule_id, until, count, why)
           ), last AS (
               SELECT new.*, firing.id FROM new CROSS JOIN LATERAL (
                   SELECT id, why FROM proctor.firing
                    WHERE firing.schedule_id = new.schedule_id AND moment IS NOT NULL
                    ORDER BY moment DESC LIMIT 1) AS firing
                WHERE firing.why = new.why
           )
           UPDATE proctor.firing
              SET until = 'epoch'::timestamptz + last.until * interval '1 microsecond',
                  count = firing.count + last.count, at = $5
             FROM last WHERE firing.id = last.id
           RETURNING firing.schedule_id"#,
        &columns.ids,
        &columns.untils,
        &columns.counts,
        &columns.whys,
        now.to_sqlx(),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("make a stretch longer"))?;
    let new = stretches
        .iter()
        .filter(|(id, _)| !longer.contains(&id.as_i64()));
    let new: Vec<_> = new.copied().collect();
    insert_stretches(connection, &new, now).await
}

/// Adds stretches of their own.
pub(super) async fn insert_stretches(
    connection: &mut PgConnection,
    stretches: &[(ScheduleId, Stretch)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if stretches.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(stretches);
    sqlx::query!(
        "INSERT INTO proctor.firing (schedule_id, moment, until, count, why, at)
         SELECT schedule_id, 'epoch'::timestamptz + moment * interval '1 microsecond',
                'epoch'::timestamptz + until * interval '1 microsecond', count, why, $6
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
                AS new (schedule_id, moment, until, count, why)",
        &columns.ids,
        &columns.moments,
        &columns.untils,
        &columns.counts,
        &columns.whys,
        now.to_sqlx(),
    )
    .execute(connection)
    .await
    .map_err(failed("write stretches"))?;
    Ok(())
}

/// Adds moments that fired.
pub(super) async fn insert_fired(
    connection: &mut PgConnection,
    fired: &[FiredRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<_> = fired.iter().map(|row| row.schedule.as_i64()).collect();
    let moments: Vec<_> = fired
        .iter()
        .map(|row| row.moment.as_microsecond())
        .collect();
    let executions: Vec<_> = fired.iter().map(|row| row.execution.as_i64()).collect();
    sqlx::query!(
        "INSERT INTO proctor.firing (schedule_id, moment, count, execution_id, at)
         SELECT schedule_id, 'epoch'::timestamptz + moment * interval '1 microsecond', 1, execution_id, $4
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (schedule_id, moment, execution_id)",
        &ids,
        &moments,
        &executions,
        now.to_sqlx(),
    )
    .execute(connection)
    .await
    .map_err(failed("write what fired"))?;
    Ok(())
}

/// Adds what somebody ran by hand.
pub(super) async fn insert_run(
    connection: &mut PgConnection,
    id: ScheduleId,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO proctor.firing (schedule_id, count, execution_id, at) VALUES ($1, 1, $2, $3)",
        id.as_i64(),
        execution.as_i64(),
        now.to_sqlx(),
    )
    .execute(connection)
    .await
    .map_err(failed("write what was run by hand"))?;
    Ok(())
}

/// A page of a schedule's rows, newest first.
pub(super) async fn page(
    connection: &mut PgConnection,
    id: ScheduleId,
    before: Option<i64>,
    limit: NonZeroU32,
) -> Result<FiringsPage, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT firing.id, moment, until, count, why, execution_id, at, execution.status AS "status?"
             FROM proctor.firing LEFT JOIN proctor.execution ON execution.id = execution_id
            WHERE firing.schedule_id = $1 AND firing.id < $2 ORDER BY firing.id DESC LIMIT $3"#,
        id.as_i64(),
        before.unwrap_or(i64::MAX),
        i64::from(limit.get()) + 1,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("list firings"))?;
    let rows = rows.into_iter().map(|row| {
        let damaged = |what: &str| {
            StoreError::damaged(
                format!("firing {}", row.id),
                format!("its {what} is unreadable"),
            )
        };
        let moment = row.moment.map(jiff_sqlx::Timestamp::to_jiff);
        let status = row.status.map(|status| status.parse());
        let status = status.transpose().map_err(|_| damaged("status"))?;
        let firing = match (moment, row.until, row.execution_id) {
            (Some(from), Some(until), None) => Firing::Stretch {
                from,
                to: until.to_jiff(),
                count: row.count.cast_unsigned(),
                why: why(row.why.as_deref()).ok_or_else(|| damaged("reason"))?,
            },
            (Some(moment), None, Some(execution)) => Firing::Fired {
                moment,
                fired_at: row.at.to_jiff(),
                execution_id: read::id(execution)?.into(),
                status,
            },
            (None, None, Some(execution)) => Firing::Run {
                fired_at: row.at.to_jiff(),
                execution_id: read::id(execution)?.into(),
                status,
            },
            _ => return Err(damaged("kind")),
        };
        Ok((row.id, firing))
    });
    Ok(page_of(rows.collect::<Result<_, _>>()?, limit))
}

fn why(text: Option<&str>) -> Option<Why> {
    Why::ALL.into_iter().find(|why| Some(why.as_str()) == text)
}

/// Forgets stretches that were written so long ago. One that is made longer this moment is left alone.
pub(super) async fn forget(
    connection: &mut PgConnection,
    clock: &Clock,
    older_than: SignedDuration,
    limit: NonZeroU32,
) -> Result<u64, StoreError> {
    let now = clock.now(connection).await?;
    let before = now.saturating_sub(older_than).unwrap_or(Timestamp::MIN);
    let forgotten = sqlx::query!(
        "DELETE FROM proctor.firing WHERE id = ANY(ARRAY(
             SELECT id FROM proctor.firing WHERE execution_id IS NULL AND at < $1
              ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before.to_sqlx(),
        i64::from(limit.get()),
    )
    .execute(connection)
    .await
    .map_err(failed("forget stretches"))?;
    Ok(forgotten.rows_affected())
}
