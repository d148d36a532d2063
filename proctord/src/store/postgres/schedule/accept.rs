//! Executions of schedules are accepted many at a time: their rows and audit rows in one statement, after whatever has
//! to be decided over slots. What one of them is, is what `accept.sql` makes of any other.

use std::num::NonZeroU32;

use sqlx::PgConnection;

use crate::domain::execution::{Execution, Fence};
use crate::domain::lifecycle::State;
use crate::domain::schedule::ScheduleId;
use crate::store::postgres::fault::failed;
use crate::store::postgres::text::text;
use crate::store::postgres::{delivery, queue, row};
use crate::store::{Audience, AuditEntry, NewExecution, StoreError};

/// An execution that is to be accepted for a schedule, with its first state.
struct Entry {
    schedule: ScheduleId,
    new: NewExecution,
    state: State,
    /// Where it stands among those that were asked for.
    place: usize,
}

/// Accepts all of them; they are returned in their order. Slots are locked by the names of procs in order, so that no
/// two batches wait for each other.
pub(super) async fn accept_all(
    connection: &mut PgConnection,
    limit: Option<NonZeroU32>,
    audience: &Audience,
    new: Vec<(ScheduleId, NewExecution)>,
    audit: &AuditEntry,
) -> Result<Vec<Execution>, StoreError> {
    let mut entries: Vec<_> = new
        .into_iter()
        .enumerate()
        .map(|(place, (schedule, new))| Entry {
            schedule,
            state: first_state(&new),
            new,
            place,
        })
        .collect();
    let mut accepted: Vec<(usize, Execution)> = Vec::with_capacity(entries.len());
    let is_limited = |entry: &Entry| {
        let has_limit = limit.is_some() || entry.new.plan.max_concurrent.is_some();
        has_limit && matches!(entry.state, State::Received)
    };
    let mut limited: Vec<_> = entries.extract_if(.., |entry| is_limited(entry)).collect();
    limited.sort_by(|one, other| one.new.proc_name.cmp(&other.new.proc_name));
    for mut entry in limited {
        if !queue::has_slot_for(connection, &entry.new, limit).await? {
            entry.state = State::Queued;
        }
        accepted.extend(insert(connection, vec![entry], audit).await?);
    }
    accepted.extend(insert(connection, entries, audit).await?);
    for (_, execution) in &accepted {
        delivery::insert(connection, execution, audience).await?;
    }
    accepted.sort_by_key(|(place, _)| *place);
    Ok(accepted
        .into_iter()
        .map(|(_, execution)| execution)
        .collect())
}

fn first_state(new: &NewExecution) -> State {
    match &new.refusal {
        Some(reason) => State::RequirementNotMet {
            reason: text(reason).into_owned(),
        },
        None => State::Received,
    }
}

async fn insert(
    connection: &mut PgConnection,
    entries: Vec<Entry>,
    audit: &AuditEntry,
) -> Result<Vec<(usize, Execution)>, StoreError> {
    let Some(first) = entries.first() else {
        return Ok(Vec::new());
    };
    let (user, owner) = (first.new.user.clone(), first.new.owner.clone());
    let start_within = first.new.start_within.as_secs_f64();
    let mut columns = Columns::default();
    for entry in &entries {
        columns.push(entry)?;
    }
    let rows = sqlx::query_file!(
        "src/store/postgres/schedule/accept.sql",
        &columns.names,
        &columns.procs,
        &columns.plans,
        &columns.runners,
        &columns.hosts as &[Option<String>],
        &columns.statuses,
        &columns.reasons as &[Option<String>],
        &columns.schedules,
        &*text(&user),
        start_within,
        owner,
        audit.who,
        audit.action,
        &*text(&audit.source),
        audit.request_id,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("write the executions of schedules"))?;
    let mut stored: std::collections::HashMap<_, _> = rows
        .into_iter()
        .map(|row| (row.name.clone(), row))
        .collect();
    let executions = entries.into_iter().map(|entry| {
        let name = entry.new.name.as_str();
        let row = stored.remove(name).ok_or_else(|| StoreError::Unavailable {
            doing: "write the executions of schedules",
            source: format!("{name} was not written").into(),
        })?;
        let created_at = row.created_at.to_jiff();
        let execution = Execution {
            id: row::id(row.id)?,
            log_open: !entry.state.status().is_terminal(),
            state: entry.state,
            stop: None,
            created_at,
            updated_at: created_at,
            start_before: row.start_before.to_jiff(),
            fence: Fence(1),
            handle: None,
            waiting: None,
            held: false,
            late_outcome: None,
            name: entry.new.name,
            proc_name: entry.new.proc_name,
            user: entry.new.user,
            plan: entry.new.plan,
            runner: entry.new.runner,
            host: entry.new.host,
            callback_url: None,
            owner: entry.new.owner,
        };
        Ok((entry.place, execution))
    });
    executions.collect()
}

/// The columns that differ from execution to execution.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    procs: Vec<String>,
    plans: Vec<String>,
    runners: Vec<String>,
    hosts: Vec<Option<String>>,
    statuses: Vec<String>,
    reasons: Vec<Option<String>>,
    schedules: Vec<i64>,
}

impl Columns {
    fn push(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let new = &entry.new;
        let plan = serde_json::to_string(&new.plan).map_err(|error| StoreError::Unavailable {
            doing: "put a plan in words",
            source: Box::new(error),
        })?;
        self.names.push(new.name.as_str().to_owned());
        self.procs.push(new.proc_name.to_string());
        self.plans.push(plan);
        self.runners.push(new.runner.as_str().to_owned());
        self.hosts.push(new.host.clone());
        self.statuses.push(entry.state.status().as_str().to_owned());
        self.reasons
            .push(entry.state.reason().map(ToOwned::to_owned));
        self.schedules.push(entry.schedule.as_i64());
        Ok(())
    }
}
