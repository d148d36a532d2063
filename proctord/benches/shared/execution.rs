//! An execution like any other, for benchmarks.

use jiff::SignedDuration;
use proctord::domain::args::Args;
use proctord::domain::execution::{Plan, RunnerKind};
use proctord::domain::name::ExecutionName;
use proctord::store::{AuditEntry, AuditResult, NewExecution};

pub fn new_execution() -> NewExecution {
    let mut args = Args::new();
    args.insert("WHO".parse().unwrap(), "everybody in the house".into());
    NewExecution {
        name: ExecutionName::generate(),
        proc_name: "say-hello".parse().unwrap(),
        user: "ann@example.com".into(),
        plan: Plan {
            image: "registry.example/say-hello:1".into(),
            command: Some(vec!["./say_hello.sh".into()]),
            bundle: None,
            args,
            secret_names: vec!["SIGNING_KEY".parse().unwrap()],
            groups: vec!["ops".into()],
            deadline_seconds: Some(3600),
            retries: 0,
            resources: None,
            max_concurrent: None,
            kubernetes: None,
            mail: None,
        },
        runner: RunnerKind::Kubernetes,
        host: None,
        callback_url: None,
        start_within: SignedDuration::from_mins(10),
        refusal: None,
        owner: "replica".into(),
    }
}

/// What accepting it leaves in the audit trail.
pub fn audit_entry(new: &NewExecution) -> AuditEntry {
    AuditEntry {
        who: new.user.clone(),
        action: "execution.create",
        target: String::new(),
        source: "192.0.2.1".into(),
        result: AuditResult::Done,
        request_id: "request".into(),
    }
}
