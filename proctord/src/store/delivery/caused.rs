//! Which deliveries an event causes, and what is in them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proctor_api::Status;
use proctor_plugin::{Event, EventKind, Recipient};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::DeliveryKind;
use crate::domain::callback;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::schedule::{Held, Schedule};
use crate::store::StoreError;

/// How long a delivery waits for the end of the log before it goes without.
const LOG_PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// What version 2 calls whatever happens to an execution.
const EXECUTION_EVENT: &str = "EXECUTION_EVENT";
const SCHEDULE_EVENT: &str = "SCHEDULE_EVENT";

/// Who is told of what happens, beside those that an execution names itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// The plugins, by the names that the configuration gives them.
    pub notifications: Vec<String>,
    /// Whether there is a mail server: without one no mail is written.
    pub has_mail: bool,
}

/// What is in a mail's row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MailPayload {
    pub execution: proctor_api::Execution,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<u64>,
}

/// A schedule that does not fire until somebody sees to it.
#[derive(Debug, Clone, Copy)]
pub struct HeldSchedule<'a> {
    pub id: u64,
    pub proc_name: &'a str,
    pub owner: &'a str,
    /// Why it is held.
    pub notice: &'a str,
    pub at: Timestamp,
}

/// When a delivery may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    AtOnce,
    /// With the end of the log, or after a while without it.
    WithLog,
}

/// A delivery that is to be written.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub id: String,
    pub execution: Option<ExecutionId>,
    pub kind: DeliveryKind,
    pub target: String,
    pub lane: String,
    pub event: &'static str,
    pub payload: String,
    pub release: Release,
}

impl Outgoing {
    /// When it may go out, seen from when it was caused.
    pub(in crate::store) fn next_at(&self, at: Timestamp) -> Timestamp {
        match self.release {
            Release::AtOnce => at,
            Release::WithLog => at.saturating_add(LOG_PATIENCE).unwrap_or(at),
        }
    }
}

impl Audience {
    /// Whether anything may go out when an execution of this kind reaches this status.
    pub(in crate::store) fn cares(&self, execution: &Execution, status: Status) -> bool {
        let Some(kind) = event_of(status) else {
            return false;
        };
        let is_end = matches!(kind, EventKind::Finished | EventKind::Stopped);
        let is_named = execution.callback_url.is_some() || execution.plan.mail.is_some();
        !self.notifications.is_empty() || (is_end && is_named)
    }

    /// What goes out because an execution has just come to stand where it stands.
    pub(in crate::store) fn caused_by(
        &self,
        execution: &Execution,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let Some(kind) = event_of(execution.status()) else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        for plugin in &self.notifications {
            all.push(notification(execution, kind, plugin)?);
        }
        if execution.is_over() {
            all.extend(callback(execution)?);
            if self.has_mail {
                all.extend(mails(execution, kind)?);
            }
        }
        Ok(all)
    }

    /// What goes out because a schedule is held from now on.
    ///
    /// # Errors
    /// None that a text in memory could have.
    pub fn caused_by_hold(&self, held: &HeldSchedule<'_>) -> Result<Vec<Outgoing>, StoreError> {
        let told = |plugin: &String| {
            let event = Event {
                id: new_id(),
                kind: SCHEDULE_EVENT.to_owned(),
                event: EventKind::ScheduleHeld,
                user: Recipient {
                    email: held.owner.to_owned(),
                },
                content: texts([
                    ("ScheduleID", Some(held.id.to_string())),
                    ("JobName", Some(held.proc_name.to_owned())),
                    ("Reason", Some(held.notice.to_owned())),
                    ("At", Some(held.at.to_string())),
                ]),
            };
            call(plugin, &event, None, Release::AtOnce)
        };
        self.notifications.iter().map(told).collect()
    }

    /// What goes out because of how a schedule is held from now on; nothing if it was held before.
    pub(in crate::store) fn caused_by_schedule(
        &self,
        before: &Schedule,
        held: Option<&Held>,
        at: Timestamp,
    ) -> Result<Vec<Outgoing>, StoreError> {
        match held {
            Some(held) if before.held.is_none() => self.caused_by_hold(&HeldSchedule {
                id: before.id.into(),
                proc_name: before.definition.proc_name.as_str(),
                owner: &before.owner,
                notice: held.notice(),
                at,
            }),
            _ => Ok(Vec::new()),
        }
    }
}

/// What is told when an execution reaches this status.
fn event_of(status: Status) -> Option<EventKind> {
    match status {
        Status::Created => Some(EventKind::Created),
        Status::Running => Some(EventKind::Started),
        Status::Stopped => Some(EventKind::Stopped),
        other => other.is_terminal().then_some(EventKind::Finished),
    }
}

fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "created",
        EventKind::Started => "started",
        EventKind::Finished => "finished",
        EventKind::Stopped => "stopped",
        EventKind::ScheduleHeld => "schedule_held",
    }
}

/// The place of an event among those of its execution, for they may arrive in another order.
fn order(kind: EventKind) -> u8 {
    match kind {
        EventKind::Created => 1,
        EventKind::Started => 2,
        EventKind::Finished | EventKind::Stopped | EventKind::ScheduleHeld => 3,
    }
}

fn release(execution: &Execution) -> Release {
    if execution.is_over() && execution.log_open {
        Release::WithLog
    } else {
        Release::AtOnce
    }
}

fn callback(execution: &Execution) -> Result<Option<Outgoing>, StoreError> {
    let Some(target) = &execution.callback_url else {
        return Ok(None);
    };
    Ok(Some(Outgoing {
        id: new_id(),
        execution: Some(execution.id),
        kind: DeliveryKind::Callback,
        target: target.clone(),
        lane: callback::lane(target),
        // Whatever the end: there is one callback.
        event: word(EventKind::Finished),
        payload: json(&execution.to_api())?,
        release: release(execution),
    }))
}

fn mails(execution: &Execution, kind: EventKind) -> Result<Vec<Outgoing>, StoreError> {
    let Some(order) = &execution.plan.mail else {
        return Ok(Vec::new());
    };
    if !order.on.wants(execution.status()) {
        return Ok(Vec::new());
    }
    let payload = json(&MailPayload {
        execution: execution.to_api(),
        schedule: order.schedule,
    })?;
    let mail = |address: &String| Outgoing {
        id: new_id(),
        execution: Some(execution.id),
        kind: DeliveryKind::Mail,
        target: address.clone(),
        lane: DeliveryKind::Mail.as_str().to_owned(),
        event: word(kind),
        payload: payload.clone(),
        release: release(execution),
    };
    Ok(order.to.iter().map(mail).collect())
}

fn notification(
    execution: &Execution,
    kind: EventKind,
    plugin: &str,
) -> Result<Outgoing, StoreError> {
    let event = Event {
        id: new_id(),
        kind: EXECUTION_EVENT.to_owned(),
        event: kind,
        user: Recipient {
            email: execution.user.clone(),
        },
        content: content(execution, kind)?,
    };
    call(plugin, &event, Some(execution.id), release(execution))
}

/// A call of a plugin.
fn call(
    plugin: &str,
    event: &Event,
    execution: Option<ExecutionId>,
    release: Release,
) -> Result<Outgoing, StoreError> {
    Ok(Outgoing {
        id: event.id.clone(),
        execution,
        kind: DeliveryKind::Notification,
        target: plugin.to_owned(),
        lane: format!("notification {plugin}"),
        event: word(event.event),
        payload: json(event)?,
        release,
    })
}

/// Version 2's five, and what it could not know.
fn content(execution: &Execution, kind: EventKind) -> Result<BTreeMap<String, String>, StoreError> {
    let shown = execution.to_api();
    Ok(texts([
        ("ExecutionID", Some(shown.id.to_string())),
        ("JobName", Some(shown.job_name)),
        ("ImageTag", Some(shown.image_tag)),
        ("Args", Some(json(&shown.args)?)),
        ("Status", Some(shown.status.as_str().to_owned())),
        ("ExecutionName", Some(shown.name)),
        ("Order", Some(order(kind).to_string())),
        ("At", Some(shown.updated_at.to_string())),
        ("StartedAt", shown.started_at.map(|at| at.to_string())),
        ("FinishedAt", shown.finished_at.map(|at| at.to_string())),
        ("ExitCode", shown.exit_code.map(|code| code.to_string())),
        ("Signal", shown.signal.map(|signal| signal.to_string())),
        ("Reason", shown.reason),
    ]))
}

/// Those that are known.
fn texts<const N: usize>(texts: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    let known = |(name, text): (&str, Option<String>)| Some((name.to_owned(), text?));
    texts.into_iter().filter_map(known).collect()
}

fn new_id() -> String {
    Uuid::new_v4().to_string()
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable {
        doing: "put a delivery in words",
        source: Box::new(error),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Audience, HeldSchedule, Release};

    #[test]
    fn each_plugin_is_told_at_once_of_a_schedule_that_is_held() {
        let audience = Audience {
            notifications: vec!["slack".to_owned(), "diary".to_owned()],
            has_mail: true,
        };
        let held = HeldSchedule {
            id: 7,
            proc_name: "backup",
            owner: "ann@example.com",
            notice: "arg B is not declared any more",
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
        };

        let told = audience.caused_by_hold(&held).unwrap();

        let targets: Vec<_> = told.iter().map(|one| one.target.as_str()).collect();
        assert_eq!(targets, ["slack", "diary"]);
        let payload: Value = serde_json::from_str(&told[0].payload).unwrap();
        assert_eq!(payload["id"], told[0].id);
        assert_eq!(payload["type"], "SCHEDULE_EVENT");
        assert_eq!(payload["event"], "schedule_held");
        assert_eq!(payload["content"]["ScheduleID"], "7");
        assert_eq!(told[0].release, Release::AtOnce);
        assert_eq!((told[0].execution, told[0].event), (None, "schedule_held"));
    }
}
