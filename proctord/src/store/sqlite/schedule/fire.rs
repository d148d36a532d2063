//! Firing: every due moment of the schedules that are claimed is covered, and what fires is accepted, in one commit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proctor_worker::failpoint;
use sqlx::SqliteConnection;

use super::read::LIVE;
use super::{change, firing, read, run};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::StopIntent;
use crate::domain::schedule::{Cover, RUN_AS, Schedule, ScheduleId};
use crate::store::schedule::{Claim, claims, firing_entry};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::time::now;
use crate::store::sqlite::{SqliteStore, delivery, row, stop};
use crate::store::{Fire, Fired, Prepared, StoreError};

pub(super) async fn fire(store: &SqliteStore, prepared: &[Prepared]) -> Result<Fired, StoreError> {
    failpoint::hit("fire.begun");
    let begun = store.records.begin().await;
    let mut unit = begun.map_err(failed("begin to fire schedules"))?;
    let is_held = read::is_held(&mut unit).await?;
    let now = store.clock.now();
    let claimed = due(&mut unit, prepared, now).await?;
    let live = live(&mut unit, &claimed).await?;
    let live_of: BTreeSet<_> = live.keys().copied().collect();
    let claims = claims(claimed, prepared, &live_of, is_held, now);
    failpoint::hit("fire.claimed");
    let mut fired = Fired {
        schedules: claims.len(),
        missed: claims.iter().map(Claim::missed).sum(),
        ..Fired::default()
    };
    for claim in &claims {
        if claim.decision.replaces {
            let live = live.get(&claim.schedule.id).map_or(&[][..], Vec::as_slice);
            fired.replaced.extend(replace(&mut unit, live).await?);
        }
        fired
            .firings
            .extend(cover(store, &mut unit, claim, now).await?);
        let advanced = Schedule {
            covered_until: claim.decision.covered_until,
            next_at: claim.decision.next_at,
            held: claim.held.clone(),
            ..claim.schedule.clone()
        };
        change::update(&mut unit, &advanced).await?;
        let held = claim.held.as_ref();
        let told = store
            .audience
            .caused_by_schedule(&claim.schedule, held, now)?;
        delivery::insert_all(&mut unit, &told, now).await?;
    }
    failpoint::hit("fire.written");
    unit.commit().await.map_err(failed("keep what has fired"))?;
    failpoint::hit("fire.committed");
    Ok(fired)
}

async fn due(
    connection: &mut SqliteConnection,
    prepared: &[Prepared],
    now: Timestamp,
) -> Result<Vec<Schedule>, StoreError> {
    let mut due = Vec::new();
    for one in prepared {
        let found = read::find_alive(connection, one.id).await?;
        let is_due = |it: &Schedule| !it.paused && it.next_at.is_some_and(|at| at <= now);
        due.extend(found.filter(is_due));
    }
    Ok(due)
}

async fn live(
    connection: &mut SqliteConnection,
    schedules: &[Schedule],
) -> Result<BTreeMap<ScheduleId, Vec<Execution>>, StoreError> {
    let mut live = BTreeMap::new();
    for schedule in schedules {
        let rows = sqlx::query(LIVE)
            .bind(schedule.id.as_i64())
            .fetch_all(&mut *connection)
            .await
            .map_err(failed("look what schedules have running"))?;
        let executions: Vec<_> = rows.iter().map(row::execution).collect::<Result<_, _>>()?;
        if !executions.is_empty() {
            live.insert(schedule.id, executions);
        }
    }
    Ok(live)
}

/// Stores the wish to stop these.
async fn replace(
    connection: &mut SqliteConnection,
    live: &[Execution],
) -> Result<Vec<Execution>, StoreError> {
    let mut replaced = Vec::new();
    for execution in live {
        let wish = StopIntent {
            by: RUN_AS.to_owned(),
            at: now(),
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

/// Writes what becomes of each due moment, in their order.
async fn cover(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    claim: &Claim<'_>,
    now: Timestamp,
) -> Result<Vec<Fire>, StoreError> {
    let schedule = claim.schedule.id;
    let mut new: BTreeMap<_, _> = claim.fires().into_iter().collect();
    let mut fires = Vec::new();
    for cover in &claim.decision.covers {
        let moment = match cover {
            Cover::Pass(stretch) => {
                firing::add_stretch(connection, schedule, stretch, now).await?;
                continue;
            }
            Cover::Fire(moment) => *moment,
        };
        let Some(new) = new.remove(&moment) else {
            continue;
        };
        let entry = firing_entry();
        let execution =
            run::accept(store, connection, schedule, Some(moment), &new, &entry).await?;
        fires.push(Fire {
            schedule,
            moment,
            lateness: claim.lateness(moment, now),
            execution,
        });
    }
    Ok(fires)
}
