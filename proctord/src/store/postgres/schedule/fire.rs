//! Firing: schedules are claimed by locking their rows, every due moment of each is covered, and what fires is
//! accepted, in one commit. Nobody waits for a row that somebody else is claiming.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proctor_worker::failpoint;
use sqlx::PgConnection;

use super::accept::accept_all;
use super::firing::{self, FiredRow};
use super::read::{self, Row};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::StopIntent;
use crate::domain::schedule::{Cover, Held, RUN_AS, Schedule, ScheduleId};
use crate::store::postgres::fault::failed;
use crate::store::postgres::{PostgresStore, delivery, row, stop};
use crate::store::schedule::{Claim, claims, firing_entry};
use crate::store::{Audience, Fire, Fired, Prepared, StoreError};

pub(super) async fn fire(
    store: &PostgresStore,
    prepared: &[Prepared],
) -> Result<Fired, StoreError> {
    failpoint::hit("fire.begun");
    let mut unit = store
        .database
        .begin()
        .await
        .map_err(failed("begin to fire schedules"))?;
    let is_held = look_at_hold(&mut unit).await?;
    let now = store.clock.now(&mut unit).await?;
    let locked = claim(&mut unit, prepared, now).await?;
    // What is live is looked at after the locks, so that what another replica has just fired is seen.
    let live = live(&mut unit, &locked).await?;
    let live_of: BTreeSet<_> = live.iter().map(|(id, _)| *id).collect();
    let claims = claims(locked, prepared, &live_of, is_held, now);
    failpoint::hit("fire.claimed");
    let mut fired = Fired {
        schedules: claims.len(),
        missed: claims.iter().map(Claim::missed).sum(),
        ..Fired::default()
    };
    cover(&mut unit, &claims, now).await?;
    fired.replaced = replace(&mut unit, &claims, live).await?;
    fired.firings = accept(&mut unit, store, &claims, now).await?;
    update(&mut unit, &claims).await?;
    tell_of_holds(&mut unit, &store.audience, &claims, now).await?;
    failpoint::hit("fire.written");
    unit.commit().await.map_err(failed("keep what has fired"))?;
    failpoint::hit("fire.committed");
    Ok(fired)
}

/// Whether a hold is in force; none begins before the unit of work is over.
async fn look_at_hold(connection: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT hold_since IS NOT NULL AS "is_held!" FROM proctor.installation FOR SHARE"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("look at a hold"))
}

async fn claim(
    connection: &mut PgConnection,
    prepared: &[Prepared],
    now: Timestamp,
) -> Result<Vec<Schedule>, StoreError> {
    let ids: Vec<_> = prepared.iter().map(|one| one.id.as_i64()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.schedule
          WHERE id = ANY($1) AND removed_at IS NULL AND NOT paused AND next_at <= $2
          ORDER BY id FOR UPDATE SKIP LOCKED",
        &ids,
        now.to_sqlx(),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("claim schedules"))?;
    read::all(rows)
}

/// The live executions of these schedules.
async fn live(
    connection: &mut PgConnection,
    schedules: &[Schedule],
) -> Result<Vec<(ScheduleId, i64)>, StoreError> {
    let ids: Vec<_> = schedules.iter().map(|it| it.id.as_i64()).collect();
    let rows = sqlx::query!(
        r#"SELECT schedule_id AS "schedule_id!", id FROM proctor.execution
            WHERE schedule_id = ANY($1) AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')
            ORDER BY id"#,
        &ids,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("look what schedules have running"))?;
    let live = rows
        .into_iter()
        .map(|row| Ok((read::id(row.schedule_id)?, row.id)));
    live.collect()
}

/// Covers what does not fire. Only the first stretch of each can go on from the last row.
async fn cover(
    connection: &mut PgConnection,
    claims: &[Claim<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for claim in claims {
        for (place, cover) in claim.decision.covers.iter().enumerate() {
            match cover {
                Cover::Pass(stretch) if place == 0 => first.push((claim.schedule.id, *stretch)),
                Cover::Pass(stretch) => later.push((claim.schedule.id, *stretch)),
                Cover::Fire(_) => {}
            }
        }
    }
    firing::add_stretches(connection, &first, now).await?;
    firing::insert_stretches(connection, &later, now).await
}

/// Stores the wish to stop what is live of schedules that replace it.
async fn replace(
    connection: &mut PgConnection,
    claims: &[Claim<'_>],
    live: Vec<(ScheduleId, i64)>,
) -> Result<Vec<Execution>, StoreError> {
    let replaces = claims.iter().filter(|claim| claim.decision.replaces);
    let replaces: BTreeSet<_> = replaces.map(|claim| claim.schedule.id).collect();
    let mut replaced = Vec::new();
    for (_, id) in live.into_iter().filter(|(id, _)| replaces.contains(id)) {
        let execution = stop::lock(connection, row::id(id)?).await?;
        if execution.is_over() {
            continue;
        }
        let wish = StopIntent {
            by: RUN_AS.to_owned(),
            at: Timestamp::now(),
            grace_seconds: None,
        };
        let wish = match execution.stop.clone() {
            Some(before) => before.repeated(&wish),
            None => wish,
        };
        replaced.push(stop::update(connection, execution.id, &wish).await?);
    }
    Ok(replaced)
}

async fn accept(
    connection: &mut PgConnection,
    store: &PostgresStore,
    claims: &[Claim<'_>],
    now: Timestamp,
) -> Result<Vec<Fire>, StoreError> {
    let (mut new, mut of) = (Vec::new(), Vec::new());
    for claim in claims {
        for (moment, execution) in claim.fires() {
            of.push((claim.schedule.id, moment, claim.lateness(moment, now)));
            new.push((claim.schedule.id, execution));
        }
    }
    let (limit, audience) = (store.max_concurrent, &store.audience);
    let accepted = accept_all(connection, limit, audience, new, &firing_entry()).await?;
    let fires = of.into_iter().zip(accepted);
    let fires: Vec<_> = fires
        .map(|((schedule, moment, lateness), execution)| Fire {
            schedule,
            moment,
            lateness,
            execution,
        })
        .collect();
    let rows: Vec<_> = fires
        .iter()
        .map(|fire| FiredRow {
            schedule: fire.schedule,
            moment: fire.moment,
            execution: fire.execution.id,
        })
        .collect();
    firing::insert_fired(connection, &rows, now).await?;
    Ok(fires)
}

/// Writes what goes out because schedules are held from now on.
async fn tell_of_holds(
    connection: &mut PgConnection,
    audience: &Audience,
    claims: &[Claim<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    for claim in claims {
        let told = audience.caused_by_schedule(&claim.schedule, claim.held.as_ref(), now)?;
        delivery::insert_all(connection, &told, now).await?;
    }
    Ok(())
}

/// Writes how far each schedule is covered, and when it is due again.
async fn update(connection: &mut PgConnection, claims: &[Claim<'_>]) -> Result<(), StoreError> {
    let ids: Vec<_> = claims.iter().map(|it| it.schedule.id.as_i64()).collect();
    let covered = claims
        .iter()
        .map(|it| it.decision.covered_until.as_microsecond());
    let covered: Vec<_> = covered.collect();
    let next = claims
        .iter()
        .map(|it| it.decision.next_at.map(Timestamp::as_microsecond));
    let next: Vec<_> = next.collect();
    let kinds = claims.iter().map(|it| it.held.as_ref().map(Held::kind));
    let kinds: Vec<_> = kinds.map(|kind| kind.map(ToOwned::to_owned)).collect();
    let notices = claims.iter().map(|it| it.held.as_ref().map(Held::notice));
    let notices: Vec<_> = notices
        .map(|notice| notice.map(ToOwned::to_owned))
        .collect();
    sqlx::query!(
        "UPDATE proctor.schedule
            SET covered_until = 'epoch'::timestamptz + new.covered * interval '1 microsecond',
                next_at = 'epoch'::timestamptz + new.next * interval '1 microsecond',
                held_by = new.held_by, held_reason = new.held_reason
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
                AS new (id, covered, next, held_by, held_reason)
          WHERE schedule.id = new.id",
        &ids,
        &covered,
        &next as &[Option<i64>],
        &kinds as &[Option<String>],
        &notices as &[Option<String>],
    )
    .execute(connection)
    .await
    .map_err(failed("advance schedules"))?;
    Ok(())
}
