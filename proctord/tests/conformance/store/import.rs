//! Executions of version 2 on their way into the store, and what they are there.

use jiff::SignedDuration;
use proctor_api::{LogEnd, LogEvent, LogEventKind, Status};
use proctord::domain::execution::{Execution, RunnerKind};
use proctord::domain::lifecycle::State;
use proctord::domain::name::ExecutionName;
use proctord::store::{
    Filter, ImportCount, ImportedLog, LogPosition, LogSlice, Queues, Store, StoredChunk,
};

use super::sample::{
    accept, entry, import, imported, limited, moment, new_execution, noise, proc_name, replica,
    seen, stop,
};
use super::subject::Subject;

/// Version 2 kept its ids in a signed column.
const GREATEST: u64 = (1 << 63) - 1;

async fn whole_log(store: &dyn Store, execution: &Execution) -> LogSlice {
    let log = store.read_log(execution.id, LogPosition::default(), usize::MAX);
    log.await.unwrap()
}

fn end(slice: &LogSlice) -> LogEnd {
    match slice.events.last().map(|event| &event.event.kind) {
        Some(LogEventKind::End(end)) => end.clone(),
        other => panic!("{other:?} in place of the end"),
    }
}

pub async fn an_imported_execution_reads_back_with_its_log(subject: impl Subject) {
    let store = subject.store();
    let mut given = imported(GREATEST, Status::PodFailed);
    given.legacy.reason = Some("its status was odd".into());

    let execution = import(store, given.clone()).await;

    assert_eq!(execution.v2_id(), Some(GREATEST));
    assert_eq!(execution.state, State::Legacy(given.legacy));
    assert_eq!(execution.name, given.name);
    assert_eq!(execution.proc_name, given.proc_name);
    assert_eq!(execution.user, given.user);
    assert_eq!(execution.plan, given.plan);
    assert_eq!(execution.created_at, given.created_at);
    assert_eq!(execution.updated_at, given.updated_at);
    assert_eq!(execution.runner, RunnerKind::Kubernetes);
    assert_eq!(
        (execution.host.as_deref(), execution.log_open),
        (None, false)
    );
    assert_eq!(seen(store, &execution).await, execution);
    let steps = store.steps(execution.id).await.unwrap();
    let [step] = &steps[..] else {
        panic!("{steps:?}")
    };
    assert_eq!(
        (step.status, step.at),
        (Status::PodFailed, given.updated_at)
    );
    let log = whole_log(store, &execution).await;
    let expected = StoredChunk {
        offset: 0,
        bytes: given.log.bytes,
    };
    assert_eq!(log.chunks, [expected]);
    let end = end(&log);
    assert_eq!((end.status, end.bytes), (Status::PodFailed, 7));
    assert_eq!(end.reason.as_deref(), Some("its status was odd"));
    assert!(end.log_complete && log.events.len() == 1);
    for unknown in [1, u64::MAX] {
        assert!(store.execution_of_v2(unknown).await.unwrap().is_none());
    }
}

pub async fn imported_again_it_stays_as_it_was(subject: impl Subject) {
    let store = subject.store();
    let first = import(store, imported(7, Status::Created)).await;
    let mut changed = imported(7, Status::Finished);
    changed.log = ImportedLog::default();

    let batch = [changed, imported(8, Status::Finished)];
    let count = store.import(&batch).await.unwrap();
    let again = store.import(&batch).await.unwrap();

    assert_eq!(
        count,
        ImportCount {
            stored: 1,
            there: 1
        }
    );
    assert_eq!(
        again,
        ImportCount {
            stored: 0,
            there: 2
        }
    );
    assert_eq!(seen(store, &first).await, first);
    assert_eq!(whole_log(store, &first).await.chunks.len(), 1);
    assert_eq!(store.steps(first.id).await.unwrap().len(), 1);
}

pub async fn ids_follow_the_time_of_creation(subject: impl Subject) {
    let store = subject.store();
    let times = [
        "2031-01-01T00:00:00Z",
        "2019-10-03T04:00:58.083798Z",
        "2019-10-03T04:00:58.083798Z",
        "1969-12-31T23:59:59Z",
        "2019-10-03T04:00:58.089999Z",
        "2020-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-30T22:00:00Z",
    ];
    let batch: Vec<_> = (1..)
        .zip(times)
        .map(|(v2_id, time)| {
            let mut imported = imported(v2_id, Status::Finished);
            imported.created_at = moment(time);
            imported
        })
        .collect();

    let count = store.import(&batch).await.unwrap();

    assert_eq!(count.stored, 8);
    let mut stored = Vec::new();
    for imported in &batch {
        let v2_id = imported.legacy.v2_id;
        let execution = store.execution_of_v2(v2_id).await.unwrap().unwrap();
        assert_eq!(execution.created_at, imported.created_at);
        stored.push(execution);
    }
    stored.sort_by_key(|execution| (execution.created_at, execution.id));
    assert!(
        stored.is_sorted_by(|one, next| one.id < next.id),
        "{stored:?}"
    );
}

pub async fn a_name_that_another_one_has_is_replaced(subject: impl Subject) {
    let store = subject.store();
    let native = accept(store, new_execution("say-hello")).await;
    let mut named_alike = imported(7, Status::Finished);
    named_alike.name = native.name.clone();

    let execution = import(store, named_alike).await;

    assert_eq!(execution.name, ExecutionName::of_v2(7));
    let named = store.execution_named(&native.name).await.unwrap();
    assert_eq!(named.map(|execution| execution.id), Some(native.id));
}

pub async fn whatever_its_status_says_it_is_over(subject: impl Subject) {
    let store = subject.store();
    let mut stuck = Vec::new();
    for (v2_id, status) in (1..).zip([Status::Created, Status::Received, Status::Finished]) {
        let mut imported = imported(v2_id, status);
        imported.proc_name = proc_name("busy");
        imported.plan.max_concurrent = Some(1);
        stuck.push(import(store, imported).await);
    }

    let next = accept(store, limited("busy", 1)).await;
    let adopted = store.adopt_host(&replica("replica-2")).await.unwrap();
    let lifetime = SignedDuration::from_mins(1);
    let leased = store.renew_lease(&replica("replica-3"), lifetime).await;
    let silent = store
        .adopt_silent(&replica("replica-3"), 10.try_into().unwrap())
        .await;
    let admitted = store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-2"))
        .await;

    assert_eq!(next.status(), Status::Received, "no slot is taken");
    assert_eq!(adopted.len(), 1, "{adopted:?}");
    assert!(admitted.unwrap().is_empty() && leased.is_ok());
    assert!(silent.unwrap().is_empty());
    for execution in stuck {
        assert!(execution.is_over());
        let stopped = store.request_stop(execution.id, stop(None), entry("execution.stop"));
        assert_eq!(stopped.await.unwrap(), execution);
        assert_eq!(seen(store, &execution).await, execution);
    }
    assert_eq!(
        store.census().await.unwrap(),
        [(Status::Received, 1), (Status::Finished, 1)].into()
    );
}

pub async fn what_is_missing_of_its_log_is_told(subject: impl Subject) {
    let store = subject.store();
    let mut broken = imported(7, Status::Finished);
    broken.log.missing = Some("the rest is no gzip".into());
    let mut empty = imported(8, Status::Created);
    empty.log = ImportedLog::default();

    let broken = import(store, broken).await;
    let empty = import(store, empty).await;

    let log = whole_log(store, &broken).await;
    let gap = LogEvent {
        offset: 7,
        kind: LogEventKind::Gap {
            text: "the rest is no gzip".into(),
        },
    };
    assert_eq!(log.events[0].event, gap);
    assert!(log.events.len() == 2 && !end(&log).log_complete);
    let log = whole_log(store, &empty).await;
    assert!(log.chunks.is_empty() && end(&log).log_complete);
    assert_eq!((end(&log).status, end(&log).bytes), (Status::Created, 0));
}

pub async fn of_a_long_log_head_and_tail_are_kept<S: Subject>(_: S) {
    let subject = S::keeping(256 * 1024).await;
    let store = subject.store();
    let bytes = noise(1 << 20);
    let mut long = imported(7, Status::Finished);
    long.log.bytes = bytes.clone().into();

    let execution = import(store, long).await;

    assert_eq!(store.log_tail(execution.id).await.unwrap().offset, 1 << 20);
    let head = whole_log(store, &execution).await;
    let tail = store.read_log(execution.id, head.next, usize::MAX).await;
    let tail = tail.unwrap();
    let kept: Vec<_> = head.chunks.iter().chain(&tail.chunks).collect();
    for chunk in &kept {
        let begin = usize::try_from(chunk.offset).unwrap();
        assert_eq!(chunk.bytes, bytes[begin..begin + chunk.bytes.len()]);
    }
    let kept: usize = kept.iter().map(|chunk| chunk.bytes.len()).sum();
    assert!((128 * 1024..=384 * 1024).contains(&kept), "{kept}");
    assert!(tail.gap.is_some(), "{tail:?}");
    assert!(!end(&tail).log_complete);
}

pub async fn lists_show_it_among_the_others(subject: impl Subject) {
    let store = subject.store();
    let native = accept(store, new_execution("say-hello")).await;
    let mut old = imported(7, Status::Finished);
    old.created_at = moment("2019-01-01T00:00:00Z");
    let old = import(store, old).await;
    let new = import(store, imported(6, Status::Finished)).await;

    let limit = 10.try_into().unwrap();
    let all = store.executions(&Filter::default(), None, limit).await;
    let finished = Filter {
        status: Some(Status::Finished),
        ..Filter::default()
    };
    let finished = store.executions(&finished, None, limit).await.unwrap();

    assert_eq!(all.unwrap().executions, [native, new.clone(), old.clone()]);
    assert_eq!(finished.executions, [new, old]);
}
