//! What the cases are made of: executions, changes, ends.

use jiff::{SignedDuration, Timestamp};
use proctor_api::{KubernetesMetadata, LogEnd, LogEvent, LogEventKind, Status};
use proctord::domain::args::Args;
use proctord::domain::execution::{Execution, Plan, RunnerKind};
use proctord::domain::lifecycle::{Cause, End, Ending, Event, Exit, Legacy, StopIntent};
use proctord::domain::name::{ExecutionName, ProcName};
use proctord::store::{
    Accepted, AuditEntry, AuditResult, Change, Idempotency, ImportCount, Imported, ImportedLog,
    LogAppend, NewExecution, Replica, Store, StoreError,
};

pub const HOST: &str = "host-a";

pub fn proc_name(name: &str) -> ProcName {
    name.parse().unwrap()
}

pub fn replica(id: &str) -> Replica {
    Replica {
        id: id.into(),
        host: HOST.into(),
    }
}

pub fn entry(action: &'static str) -> AuditEntry {
    AuditEntry {
        who: "ann@example.com".into(),
        action,
        target: "say-hello".into(),
        source: "192.0.2.1".into(),
        result: AuditResult::Done,
        request_id: "request-1".into(),
    }
}

/// An execution of a proc that may have any number at once.
pub fn new_execution(name: &str) -> NewExecution {
    let mut args = Args::new();
    args.insert("WHO".parse().unwrap(), "wörld $(HOME) '\"".into());
    NewExecution {
        name: ExecutionName::generate(),
        proc_name: proc_name(name),
        user: "ann@example.com".into(),
        plan: Plan {
            image: "registry/say-hello:1".into(),
            command: Some(vec!["sh".into(), "-c".into(), "echo".into()]),
            bundle: Some("sha256:00".into()),
            args,
            secret_names: vec!["TOKEN".parse().unwrap()],
            groups: vec!["ops".into()],
            deadline_seconds: Some(60),
            retries: 1,
            resources: None,
            max_concurrent: None,
            kubernetes: Some(KubernetesMetadata {
                image_pull_secrets: vec!["registry".into()],
                ..KubernetesMetadata::default()
            }),
            mail: None,
        },
        runner: RunnerKind::Local,
        host: Some(HOST.into()),
        callback_url: None,
        start_within: SignedDuration::from_mins(10),
        refusal: None,
        owner: "replica-1".into(),
    }
}

/// An execution of a proc that may have so many at once.
pub fn limited(name: &str, max_concurrent: u32) -> NewExecution {
    let mut new = new_execution(name);
    new.plan.max_concurrent = Some(max_concurrent);
    new
}

pub fn key(key: &str, digest: &str) -> Option<Idempotency> {
    Some(Idempotency {
        key: key.into(),
        request_digest: digest.into(),
    })
}

pub async fn accept(store: &dyn Store, new: NewExecution) -> Execution {
    let accepted = store.accept(new, None, entry("execution.create")).await;
    match accepted.unwrap() {
        Accepted::New(execution) => execution,
        Accepted::Before(execution) => panic!("{} was there before", execution.id),
    }
}

/// An execution of version 2 with a log of two lines.
pub fn imported(v2_id: u64, status: Status) -> Imported {
    let new = new_execution("say-hello");
    Imported {
        name: new.name,
        proc_name: new.proc_name,
        user: new.user,
        plan: new.plan,
        legacy: Legacy {
            v2_id,
            status,
            reason: None,
        },
        created_at: moment("2019-10-03T04:00:58.083798Z"),
        updated_at: moment("2019-10-03T04:01:07.5Z"),
        log: ImportedLog {
            bytes: b"one\ntwo".as_slice().into(),
            missing: None,
        },
    }
}

/// Imports one execution that is not there yet.
pub async fn import(store: &dyn Store, imported: Imported) -> Execution {
    let v2_id = imported.legacy.v2_id;
    let count = store.import(&[imported]).await.unwrap();
    assert_eq!(
        count,
        ImportCount {
            stored: 1,
            there: 0
        }
    );
    store.execution_of_v2(v2_id).await.unwrap().unwrap()
}

/// Applies an event under the fence that the execution shows.
pub async fn change(
    store: &dyn Store,
    execution: &Execution,
    event: Event,
) -> Result<Execution, StoreError> {
    let change = Change {
        id: execution.id,
        fence: execution.fence,
        event,
        handle: None,
        sealed_secrets: None,
    };
    store.transition(change).await
}

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn run() -> Event {
    Event::Run {
        started_at: moment("2026-11-20T12:00:00.123456Z"),
    }
}

pub fn end(cause: Cause, exit: Option<Exit>) -> Event {
    Event::End(End {
        cause,
        ending: Ending {
            exit,
            reason: None,
            started_at: None,
            finished_at: moment("2026-11-20T12:00:01.987654Z"),
        },
    })
}

pub fn success() -> Event {
    end(Cause::Exited, Some(Exit::Code(0)))
}

pub fn stop(grace_seconds: Option<u32>) -> StopIntent {
    StopIntent {
        by: "bob@example.com".into(),
        at: moment("2026-11-20T12:00:00.5Z"),
        grace_seconds,
    }
}

/// The rows that any change of an execution would touch, as the store shows them.
pub async fn seen(store: &dyn Store, execution: &Execution) -> Execution {
    store.execution(execution.id).await.unwrap().unwrap()
}

pub fn append(execution: &Execution, offset: u64, bytes: &[u8]) -> LogAppend {
    LogAppend {
        id: execution.id,
        fence: execution.fence,
        offset,
        bytes: bytes.to_vec().into(),
        cursor: format!("cursor-{}", offset + bytes.len() as u64),
        events: vec![],
    }
}

/// Appends to one log.
pub async fn write(store: &dyn Store, append: LogAppend) -> Result<(), StoreError> {
    let answer = store.append_log(&[append]).await.unwrap().remove(0);
    answer.map(drop)
}

pub fn gap(offset: u64, text: &str) -> LogEvent {
    LogEvent {
        offset,
        kind: LogEventKind::Gap { text: text.into() },
    }
}

pub fn log_end(bytes: u64) -> LogEnd {
    LogEnd {
        status: Status::Succeeded,
        exit_code: Some(0),
        signal: None,
        reason: None,
        bytes,
        log_complete: true,
    }
}

/// Bytes that no packing makes smaller, always the same.
pub fn noise(length: usize) -> Vec<u8> {
    let mut seed = 1_u64;
    let next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Holds that whoever goes by this execution's fence, and has a log of 6 bytes, may write nothing any more.
pub async fn no_write_of(store: &dyn Store, old: &Execution) {
    let errors = [
        change(store, old, Event::Create).await.err(),
        store.finish_log(old.id, old.fence, log_end(6)).await.err(),
        write(store, append(old, 6, b"late")).await.err(),
    ];

    for error in errors {
        assert!(
            matches!(error, Some(StoreError::FenceLost(id)) if id == old.id),
            "{error:?}"
        );
    }
}
