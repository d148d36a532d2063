//! What is kept, for whom, and what of an object is read.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::seen::{ContainerSeen, JobSeen, PodSeen, Sight};
use super::doubts::Found;
use super::object::{Object, Unreadable};
use super::table::{Kept, Table};

fn job(name: &str) -> Value {
    json!({"metadata": {"name": name, "uid": format!("uid-{name}")}, "spec": {"suspend": true}, "status": {}})
}

fn pod(name: &str, job: &str) -> Value {
    json!({
        "metadata": {"name": name, "uid": format!("uid-{name}"), "ownerReferences": [
            {"kind": "Job", "name": job, "uid": format!("uid-{job}")},
        ]},
        "status": {"phase": "Running"},
    })
}

fn ended_pod(name: &str, job: &str) -> Value {
    let mut ended = pod(name, job);
    ended["status"]["phase"] = "Failed".into();
    ended
}

fn found(job: Option<&str>, pods: &[&str]) -> Found {
    let pods = pods.iter().map(|name| read(pod(name, "a")).1).collect();
    let job = job.map(|name| read(self::job(name)).1);
    Found { job, pods }
}

fn read<K: Kept>(object: Value) -> (String, K) {
    let object: Object<K> = serde_json::from_value(object).unwrap();
    object.seen.unwrap()
}

fn put<K: Kept>(table: &mut Table, object: Value) {
    let (name, seen) = read::<K>(object);
    table.put(&name, seen);
}

fn uids(uids: &[&str]) -> HashSet<String> {
    uids.iter().map(|uid| (*uid).to_owned()).collect()
}

#[test]
fn only_when_both_watches_are_well_is_the_sight_current() {
    let mut table = Table::default();
    let a = table.subscribe("a");
    let what = "Pods";
    let since = jiff::Timestamp::UNIX_EPOCH;
    let failing = Sight::Failing { what, since };

    table.complete::<PodSeen>(&HashSet::new());
    table.set_sight::<JobSeen>(Sight::Current);
    assert_eq!(a.borrow().sight, Sight::Listing);
    table.set_sight::<PodSeen>(failing);
    assert_eq!(a.borrow().sight, failing);
    assert_eq!(table.subscribe("b").borrow().sight, failing);
    table.set_sight::<PodSeen>(Sight::Current);
    assert_eq!(a.borrow().sight, Sight::Current);
}

#[test]
fn what_a_list_does_not_name_has_departed() {
    let mut table = Table::default();
    let seen = table.subscribe("a");
    put::<JobSeen>(&mut table, job("a"));
    put::<PodSeen>(&mut table, ended_pod("a-1", "a"));
    put::<PodSeen>(&mut table, pod("a-2", "a"));

    table.complete::<JobSeen>(&HashSet::new());
    table.complete::<PodSeen>(&uids(&["uid-a-2"]));

    let seen = seen.borrow();
    assert_eq!(seen.job, None);
    assert!(seen.departed_job.is_some());
    assert_eq!(seen.pods.keys().collect::<Vec<_>>(), ["uid-a-2"]);
    assert_eq!(seen.departed.keys().collect::<Vec<_>>(), ["uid-a-1"]);
}

#[test]
fn only_a_deletion_that_is_shown_is_the_last_word_on_a_pod() {
    let mut table = Table::default();
    let seen = table.subscribe("a");
    let shown = || read::<PodSeen>(ended_pod("a-1", "a")).1;
    put::<PodSeen>(&mut table, ended_pod("a-1", "a"));
    put::<PodSeen>(&mut table, ended_pod("a-2", "a"));

    table.remove("a", shown());
    table.complete::<PodSeen>(&HashSet::new());
    assert_eq!(seen.borrow().departed.len(), 2);
    assert!(seen.borrow().told_gone.iter().eq(["uid-a-1"]));
    assert!(!seen.borrow().interrupted, "it was the first list");

    table.complete::<PodSeen>(&HashSet::new());
    assert!(seen.borrow().interrupted);
    assert!(!table.subscribe("b").borrow().interrupted, "it is new");
}

#[test]
fn a_pod_that_had_not_ended_is_gone_only_when_the_cluster_says_so() {
    let mut table = Table::default();
    let seen = table.subscribe("a");
    put::<JobSeen>(&mut table, job("a"));
    put::<PodSeen>(&mut table, pod("a-1", "a"));
    let (_, last) = read::<PodSeen>(pod("a-1", "a"));

    table.remove("a", last);
    assert!(seen.borrow().pods.contains_key("uid-a-1"));
    assert!(seen.borrow().is_doubtful());
    assert!(!seen.borrow().is_known_astray("uid-a-1"));

    let asked = seen.borrow().clone();
    table.answer("a", &asked, found(Some("a"), &["a-1"]));
    assert!(seen.borrow().is_known_astray("uid-a-1"));
    assert!(seen.borrow().is_doubtful(), "it may go at any time");

    let asked = seen.borrow().clone();
    table.answer("a", &asked, found(Some("a"), &[]));
    assert!(seen.borrow().confirmed);
    assert!(seen.borrow().pods.is_empty());
    assert!(seen.borrow().departed.contains_key("uid-a-1"));
}

#[test]
fn an_answer_about_what_has_changed_since_is_worth_nothing() {
    let mut table = Table::default();
    let seen = table.subscribe("a");
    let asked = seen.borrow().clone();
    put::<JobSeen>(&mut table, job("a"));

    table.answer("a", &asked, found(None, &[]));

    assert!(seen.borrow().job.is_some());
    assert!(!seen.borrow().confirmed);
}

#[test]
fn what_asking_finds_is_shown_again_once_its_watch_shows_it() {
    let mut table = Table::default();
    let seen = table.subscribe("a");
    let asked = seen.borrow().clone();
    table.answer("a", &asked, found(Some("a"), &["a-1"]));
    assert_eq!(seen.borrow().astray.len(), 2);

    put::<JobSeen>(&mut table, job("a"));
    put::<PodSeen>(&mut table, pod("a-1", "a"));

    assert!(seen.borrow().astray.is_empty());
}

#[test]
fn only_what_is_wanted_and_in_doubt_is_asked_for_and_never_while_a_watch_fails() {
    let mut table = Table::default();
    let later = || Instant::now() + Duration::from_secs(3600);
    let gone = table.subscribe("gone");
    let _shown = table.subscribe("shown");
    put::<JobSeen>(&mut table, job("shown"));
    put::<PodSeen>(&mut table, pod("shown-1", "shown"));
    drop(table.subscribe("forgotten"));

    assert!(table.take_due(later()).is_empty(), "nothing is listed");
    table.set_sight::<JobSeen>(Sight::Current);
    table.set_sight::<PodSeen>(Sight::Current);
    assert!(table.take_due(Instant::now()).is_empty(), "too early");
    let asked = table.take_due(later());

    let [(name, seen)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!((name.as_str(), seen), ("gone", &*gone.borrow()));
    assert!(table.take_due(later()).is_empty(), "it is asked for");
}

#[test]
fn what_nobody_follows_and_nothing_backs_is_dropped() {
    let mut table = Table::default();
    for number in 0..1000 {
        drop(table.subscribe(&number.to_string()));
    }
    assert!(table.len() < 200, "{} entries", table.len());

    put::<JobSeen>(&mut table, job("a"));
    let (name, seen) = read::<JobSeen>(job("a"));
    table.remove(&name, seen);
    table.complete::<JobSeen>(&HashSet::new());

    assert_eq!(table.len(), 0);
}

#[test]
fn a_follower_is_woken_by_what_makes_a_difference_and_keeps_what_departs() {
    let mut table = Table::default();
    put::<JobSeen>(&mut table, job("a"));
    let mut seen = table.subscribe("a");
    seen.mark_unchanged();

    put::<JobSeen>(&mut table, job("a"));
    assert!(!seen.has_changed().unwrap());
    let (name, gone) = read::<JobSeen>(job("a"));
    table.remove(&name, gone);

    assert!(seen.has_changed().unwrap());
    assert!(seen.borrow().departed_job.is_some());
}

#[test]
fn an_object_that_was_deleted_and_cannot_be_read_is_gone_all_the_same() {
    let mut table = Table::default();
    let seen = table.subscribe("a");
    put::<PodSeen>(&mut table, ended_pod("a-1", "a"));

    table.remove_unread::<PodSeen>("uid-a-1");

    assert!(seen.borrow().pods.is_empty());
    assert_eq!(seen.borrow().departed.len(), 1);
}

#[test]
fn an_object_that_cannot_be_understood_is_named() {
    let mut strange = pod("a-1", "a");
    strange["status"]["containerStatuses"] = "none".into();
    let object: Object<PodSeen> = serde_json::from_value(strange).unwrap();
    assert_eq!(object.metadata.name, "a-1");
    assert!(matches!(object.seen, Err(Unreadable::Shape(_))));

    let foreign = json!({"metadata": {"name": "x", "uid": "x"}});
    let object: Object<PodSeen> = serde_json::from_value(foreign).unwrap();
    assert!(matches!(object.seen, Err(Unreadable::NoJob)));
}

#[test]
fn a_pod_that_was_orphaned_still_belongs_to_its_job() {
    let mut orphan = pod("a-1", "a");
    orphan["metadata"]["ownerReferences"] = Value::Null;
    orphan["metadata"]["labels"] = json!({
        "batch.kubernetes.io/job-name": "a",
        "batch.kubernetes.io/controller-uid": "uid-a",
    });

    let (name, seen) = read::<PodSeen>(orphan);

    assert_eq!((name.as_str(), seen.job_uid.as_str()), ("a", "uid-a"));
}

#[test]
fn only_the_container_that_proctor_named_counts() {
    let mut both = pod("a-1", "a");
    both["status"]["containerStatuses"] = json!([
        {"name": "proxy", "state": {"terminated": {"exitCode": 1}}},
        {"name": "a", "state": {"running": {"startedAt": "2026-11-20T10:00:00Z"}}},
    ]);

    let (_, seen) = read::<PodSeen>(both);

    assert!(matches!(seen.container, ContainerSeen::Running { .. }));
}

#[test]
fn what_is_kept_of_an_execution_is_small() {
    let mut table = Table::default();
    let before = resident_kib();
    let mut followers = Vec::new();
    for number in 0..MANY {
        let name = format!("proctor-00000000-0000-0000-0000-{number:012}");
        followers.push(table.subscribe(&name));
        put::<JobSeen>(&mut table, job(&name));
        put::<PodSeen>(&mut table, pod(&format!("{name}-x"), &name));
    }

    assert_eq!(table.len(), MANY);
    // About 5 KiB; other tests of this process may take some meanwhile.
    let each = (resident_kib() - before) * 1024 / MANY;
    assert!(each < 16 * 1024, "{each} bytes each");
}

const MANY: usize = 20_000;

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
