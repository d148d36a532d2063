//! Lists: filters, and pages that neither miss nor repeat.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::id::ExecutionId;
use proctord::domain::lifecycle::Event;
use proctord::store::{Filter, NewExecution, Store};

use super::sample::{accept, change, moment, new_execution, proc_name};
use super::subject::Subject;

/// Every page of a list; `between` is called after each.
async fn all_pages(
    store: &dyn Store,
    filter: &Filter,
    limit: u32,
    between: impl AsyncFn(),
) -> Vec<Execution> {
    let mut executions = Vec::new();
    let mut after = None;
    loop {
        let page = store
            .executions(filter, after, limit.try_into().unwrap())
            .await;
        let page = page.unwrap();
        assert!(page.executions.len() <= limit as usize);
        executions.extend(page.executions);
        between().await;
        after = page.next;
        if after.is_none() {
            return executions;
        }
    }
}

fn ids(executions: &[Execution]) -> Vec<ExecutionId> {
    executions.iter().map(|execution| execution.id).collect()
}

pub async fn each_filter_shows_what_it_names_and_nothing_else(subject: impl Subject) {
    let store = subject.store();
    let mut stored = Vec::new();
    for (minute, (name, user)) in
        (1..).zip([("a", "ann"), ("b", "ann"), ("a", "bob"), ("b", "bob")])
    {
        let mut new = new_execution(name);
        new.user = user.into();
        let execution = accept(store, new).await;
        let at = moment("2026-11-20T12:00:00Z") + SignedDuration::from_mins(minute);
        subject.set_created_at(execution.id, at).await;
        stored.push(execution);
    }
    change(store, &stored[0], Event::Create).await.unwrap();
    let shown = async |filter: Filter| -> Vec<usize> {
        let listed = all_pages(store, &filter, 1, async || {}).await;
        let place = |listed: &Execution| stored.iter().position(|one| one.id == listed.id);
        listed.iter().map(|listed| place(listed).unwrap()).collect()
    };
    let all = Filter::default;

    assert_eq!(shown(all()).await, [3, 2, 1, 0]);
    let proc_name = Some(proc_name("a"));
    assert_eq!(
        shown(Filter {
            proc_name: proc_name.clone(),
            ..all()
        })
        .await,
        [2, 0]
    );
    let user = Some("ann".to_owned());
    assert_eq!(
        shown(Filter {
            user: user.clone(),
            ..all()
        })
        .await,
        [1, 0]
    );
    let status = Some(Status::Created);
    assert_eq!(shown(Filter { status, ..all() }).await, [0]);
    assert_eq!(
        shown(Filter {
            proc_name,
            user,
            status,
            ..all()
        })
        .await,
        [0]
    );
    let since = Some(moment("2026-11-20T12:02:00Z"));
    assert_eq!(shown(Filter { since, ..all() }).await, [3, 2, 1]);
    let until = Some(moment("2026-11-20T12:03:00Z"));
    assert_eq!(shown(Filter { until, ..all() }).await, [1, 0]);
    assert_eq!(
        shown(Filter {
            since,
            until,
            ..all()
        })
        .await,
        [1]
    );
    let finer = Some(moment("2026-11-20T12:02:00.000000001Z"));
    assert_eq!(
        shown(Filter {
            since: finer,
            ..all()
        })
        .await,
        [3, 2]
    );
    assert_eq!(
        shown(Filter {
            until: finer,
            ..all()
        })
        .await,
        [1, 0]
    );
}

pub async fn pages_over_equal_times_neither_miss_nor_repeat(subject: impl Subject) {
    let store = subject.store();
    let mut expected = Vec::new();
    for _ in 0..7 {
        let execution = accept(store, new_execution("say-hello")).await;
        let at = moment("2026-11-20T12:00:00.5Z");
        subject.set_created_at(execution.id, at).await;
        expected.push(execution.id);
    }
    expected.sort();
    expected.reverse();

    for limit in [1, 2, 3, 7, 8] {
        let listed = all_pages(store, &Filter::default(), limit, async || {}).await;
        assert_eq!(ids(&listed), expected, "in pages of {limit}");
    }
}

pub async fn a_census_counts_every_execution_under_its_status(subject: impl Subject) {
    let store = subject.store();
    assert_eq!(store.census().await.unwrap(), [].into());
    for _ in 0..3 {
        accept(store, new_execution("counted")).await;
    }
    let refused = NewExecution {
        refusal: Some("no".into()),
        ..new_execution("refused")
    };
    accept(store, refused).await;

    assert_eq!(
        store.census().await.unwrap(),
        [(Status::Received, 3), (Status::RequirementNotMet, 1)].into()
    );
}

pub async fn a_thousand_are_listed_once_each_while_more_come(subject: impl Subject) {
    let store = subject.store();
    let mut expected = BTreeSet::new();
    for _ in 0..1000 {
        expected.insert(accept(store, new_execution("say-hello")).await.id);
    }

    let more = async || drop(accept(store, new_execution("say-hello")).await);
    let listed = all_pages(store, &Filter::default(), 64, more).await;

    let unique: BTreeSet<_> = ids(&listed).into_iter().collect();
    assert_eq!(listed.len(), 1000);
    assert_eq!(unique, expected);
    assert!(
        listed
            .is_sorted_by_key(|execution| std::cmp::Reverse((execution.created_at, execution.id)))
    );
}
