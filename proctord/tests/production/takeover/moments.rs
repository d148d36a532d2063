//! Schedules of one moment each, which comes soon for all of them together, and what must have become of it.

use jiff::{SignedDuration, Timestamp};
use proctor_testkit::wait_for_async;
use serde_json::{Value, json};

use super::receivers::Receivers;
use super::replica::Frail;
use super::scene::Scene;
use crate::site::{post, publish};

/// How many schedules have the same moment.
const TOGETHER: usize = 3;
/// Enough to create them all, on a busy machine as well.
const SOON: SignedDuration = SignedDuration::from_secs(3);

/// A schedule and its moment.
pub struct Due {
    schedule: u64,
    at: Timestamp,
    /// What its run writes into the ledger.
    line: String,
}

impl Due {
    fn address(&self) -> String {
        format!("{}@example.com", self.line)
    }
}

impl Scene {
    /// Publishes what the schedules run.
    pub async fn publish_due(&self) {
        let gates = self.gate("$CASE").display().to_string();
        let ledger = self.site.ledger.path().display().to_string();
        let line = format!(
            "echo \"$CASE-$NUMBER\" >> {ledger}; while [ ! -e {gates} ]; do sleep 0.05; done"
        );
        let args = json!({"args": [{"name": "CASE"}, {"name": "NUMBER"}]});
        let fields = json!({"image_name": "busybox:1.36", "env_vars": args});
        publish(&self.standby, "due", &line, fields).await;
    }

    /// Has a replica create schedules that are due soon; those of them that run wait for the gate of the case.
    pub async fn due_soon(&self, frail: &Frail) -> Vec<Due> {
        let at = Timestamp::now() + SOON;
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap();
        let mut all = Vec::new();
        for number in 0..TOGETHER {
            let line = format!("{}-{number}", frail.name);
            let args = json!({"CASE": frail.name, "NUMBER": number.to_string()});
            let body = json!({"jobName": "due", "args": args, "tags": "t", "group": "g",
                "at": at.to_string(), "notificationEmails": format!("{line}@example.com")});
            let created = post(&frail.proctord, "/schedule", &body).await;
            assert_eq!(created.status, 201, "{line}: {created:?}");
            let created: Value = serde_json::from_str(&created.body).unwrap();
            all.push(Due {
                schedule: created["id"].as_u64().unwrap(),
                at,
                line,
            });
        }
        all
    }

    /// Waits until all of them have fired; their executions.
    pub async fn fired(&self, all: &[Due]) -> Vec<u64> {
        let mut executions = Vec::new();
        for due in all {
            let question = format!(
                "SELECT execution_id FROM proctor.firing WHERE schedule_id = {}",
                due.schedule
            );
            let id = wait_for_async(&format!("{} to fire", due.line), async || {
                let answer = self.site.psql(&question);
                answer.parse::<u64>().map_err(|_| answer)
            })
            .await;
            executions.push(id);
        }
        executions
    }

    /// How many rows tell of these moments.
    pub fn rows_of(&self, all: &[Due]) -> String {
        let ids: Vec<_> = all.iter().map(|due| due.schedule.to_string()).collect();
        let ids = ids.join(", ");
        let question = format!("SELECT count(*) FROM proctor.firing WHERE schedule_id IN ({ids})");
        self.site.psql(&question)
    }

    /// Everything that is stored about schedules, their moments and what goes out because of them.
    pub fn stored_of(&self, all: &[Due], executions: &[u64]) -> Vec<String> {
        let schedules = all.iter().map(|due| {
            let id = due.schedule;
            self.site.psql(&format!(
                "SELECT to_jsonb(schedule), (SELECT jsonb_agg(firing ORDER BY id) FROM proctor.firing WHERE schedule_id = {id})
                   FROM proctor.schedule WHERE id = {id}"
            ))
        });
        let deliveries = executions.iter().map(|id| self.deliveries_of(*id));
        let executions = executions.iter().map(|id| self.stored(*id));
        schedules.chain(executions).chain(deliveries).collect()
    }

    /// The deliveries of an execution as they are stored.
    pub fn deliveries_of(&self, id: u64) -> String {
        self.site.psql(&format!(
            "SELECT jsonb_agg(delivery ORDER BY id) FROM proctor.delivery WHERE execution_id = {id}"
        ))
    }

    /// Waits until what goes out because of an execution has come; the ids under which.
    pub async fn delivered(&self, id: u64) -> Vec<String> {
        let deliveries = wait_for_async(&format!("{id} to be told of"), async || {
            let stored = self.deliveries_of(id);
            let deliveries: Vec<Value> = serde_json::from_str(&stored).unwrap_or_default();
            let is_over = |one: &Value| one["state"] == "delivered";
            match !deliveries.is_empty() && deliveries.iter().all(is_over) {
                true => Ok(deliveries),
                false => Err(stored),
            }
        })
        .await;
        let id_of = |one: &Value| one["id"].as_str().unwrap().to_owned();
        deliveries.iter().map(id_of).collect()
    }

    /// The moment has one row, that one execution, which ran once, and somebody was told of it.
    pub async fn holds_moment(&self, due: &Due, execution: u64, receivers: &Receivers) {
        let ended = self.ended(execution, "SUCCEEDED").await;
        self.holds_one_run(execution, &ended, &due.line).await;
        let (line, schedule) = (&due.line, due.schedule);
        let rows = self.site.psql(&format!(
            "SELECT moment = '{}', count, why IS NULL, execution_id FROM proctor.firing WHERE schedule_id = {schedule}",
            due.at
        ));
        assert_eq!(rows, format!("t|1|t|{execution}"), "{line}");
        let executions = self.site.psql(&format!(
            "SELECT id FROM proctor.execution WHERE schedule_id = {schedule}"
        ));
        assert_eq!(executions, execution.to_string(), "{line}");
        let runs = self.site.ledger.counts().get(line).copied();
        assert_eq!(runs, Some(1), "{line}");

        let ids = self.delivered(execution).await;
        let mut mails = receivers.mails_to(&due.address());
        mails.dedup();
        assert_eq!(mails, ids, "{line}");
    }
}
