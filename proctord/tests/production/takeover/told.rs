//! What store, cluster and replicas tell of an execution, held against what must have become of it.

use proctor_testkit::kubernetes::AskedRequest;
use proctor_testkit::{Ran, wait_for_async};
use serde_json::Value;

use super::replica::Frail;
use super::scene::{NAMESPACE, STANDBY, Scene};
use crate::site::{get, wait_for_status};

const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

impl Scene {
    /// Everything that is stored about an execution.
    pub fn stored(&self, id: u64) -> String {
        self.site.psql(&format!(
            "SELECT jsonb_pretty(jsonb_build_object(
                 'execution', to_jsonb(execution),
                 'steps', (SELECT jsonb_agg(step ORDER BY number) FROM proctor.step WHERE execution_id = {id}),
                 'log', (SELECT to_jsonb(log) FROM proctor.log WHERE execution_id = {id}),
                 'chunks', (SELECT jsonb_agg(chunk ORDER BY \"offset\") FROM proctor.chunk WHERE execution_id = {id}),
                 'events', (SELECT jsonb_agg(event ORDER BY number) FROM proctor.event WHERE execution_id = {id}),
                 'deliveries', (SELECT jsonb_agg(payload ORDER BY id) FROM proctor.delivery WHERE execution_id = {id})))
               FROM proctor.execution WHERE id = {id}"
        ))
    }

    /// Waits until an execution is over and its log closed; the service's word on it.
    pub async fn ended(&self, id: u64, status: &str) -> Value {
        let ended = wait_for_status(&self.standby, id, status).await;
        let question = format!("SELECT log_open FROM proctor.execution WHERE id = {id}");
        wait_for_async(
            &format!("the log of {id} to be closed"),
            async || match self.site.psql(&question).as_str() {
                "f" => Ok(()),
                open => Err(open.to_owned()),
            },
        )
        .await;
        ended
    }

    /// How many requests there were up to now.
    pub fn requests_so_far(&self) -> usize {
        self.double.requests().len()
    }

    /// What a replica has wanted to change about an execution since then has been refused, or is word for word what the
    /// standby has asked for as well. Cleaning up is for everybody.
    pub fn assert_refused(&self, frail: &Frail, since: usize, name: &str) {
        let requests = self.double.requests();
        let by_standby: Vec<_> = requests
            .iter()
            .filter(|request| request.token.as_deref() == Some(STANDBY))
            .map(asked)
            .collect();
        let accepted: Vec<_> = requests[since..]
            .iter()
            .filter(|request| request.token.as_ref() == Some(&frail.name))
            .filter(|request| request.text.contains(name) && wants_to_change(request))
            .filter(|request| request.status.is_none_or(|status| status < 400))
            .filter(|request| !by_standby.contains(&asked(request)))
            .collect();
        assert!(accepted.is_empty(), "{}: {accepted:#?}", frail.name);
    }

    /// Its log, as the standby tells it.
    pub fn log(&self, id: u64) -> Ran {
        self.standby.proctor(&["logs", &id.to_string()]).run()
    }

    /// It ran once, each step was stored once, the callback is to be told once, and nothing of it is left.
    pub async fn holds_one_run(&self, id: u64, ended: &Value, case: &str) {
        let name = ended["name"].as_str().unwrap();
        let ledger = self.double.ledger();
        let jobs = ledger.jobs.iter().filter(|job| job.name == name).count();
        let runs = ledger.runs_of(&id.to_string()).count();
        assert_eq!((jobs, runs), (1, 1), "{case}: {ledger:?}");

        let stored: Value = serde_json::from_str(&self.stored(id)).unwrap();
        let steps = stored["steps"].as_array().unwrap();
        let mut statuses: Vec<_> = steps.iter().map(|step| step["status"].as_str()).collect();
        assert_eq!(
            statuses.last(),
            Some(&ended["status"].as_str()),
            "{case}: {stored}"
        );
        statuses.sort_unstable();
        statuses.dedup();
        assert_eq!(statuses.len(), steps.len(), "{case}: {stored}");
        assert_eq!(
            stored["deliveries"].as_array().map(Vec::len),
            Some(1),
            "{case}: {stored}"
        );

        wait_for_async(
            &format!("{case}: nothing of {name} to be left"),
            async || {
                let left =
                    ["jobs", "secrets"].map(|kind| self.double.object(kind, NAMESPACE, name));
                if left.iter().all(Option::is_none) {
                    Ok(())
                } else {
                    Err(left)
                }
            },
        )
        .await;
        let ready = get(&self.standby, "/readyz").await;
        assert_eq!(ready.status, 200, "{case}: {ready:?}");
    }
}

fn wants_to_change(request: &AskedRequest) -> bool {
    let what = (request.verb.as_str(), request.resource.as_str());
    WRITES.contains(&what.0) && what != ("delete", "jobs")
}

/// The first line and the body, without what tells who asks.
fn asked(request: &AskedRequest) -> (Option<&str>, Option<&str>) {
    let mut lines = request.text.lines();
    (lines.next(), lines.next_back())
}
