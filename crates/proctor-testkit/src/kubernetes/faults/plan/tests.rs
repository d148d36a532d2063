use super::*;

fn plan(seed: u64) -> FaultPlan {
    FaultPlan {
        seed,
        latency: 0.2,
        longest_latency: Duration::from_millis(10),
        too_many_requests: 0.1,
        internal_error: 0.1,
        cut_before: 0.1,
        cut_after: 0.1,
        hang: 0.1,
        compaction: 0.1,
        watch_cut: 0.3,
        duplicate_event: 0.5,
        bookmark_gap: 0.5,
    }
}

fn report(seed: u64) -> String {
    let mut running = Running::new(plan(seed));
    for _ in 0..1000 {
        running.next("GET /");
    }
    running.report()
}

#[test]
fn a_seed_makes_the_same_faults_again_and_another_makes_others() {
    assert_eq!(report(1), report(1));
    assert_ne!(report(1), report(2));
}

#[test]
fn each_fault_comes_about_as_often_as_the_plan_says() {
    let plan = plan(7);
    let courses: Vec<_> = (0..10_000).map(|number| plan.course(number)).collect();
    let count = |holds: fn(&Course) -> bool| courses.iter().filter(|one| holds(one)).count();

    for (what, seen, wanted) in [
        ("latency", count(|one| !one.latency.is_zero()), 2_000),
        ("compaction", count(|one| one.compacts), 1_000),
        ("none", count(|one| one.fault.is_none()), 5_000),
        (
            "429",
            count(|one| matches!(&one.fault, Some(Fault::Refuse(why)) if why.code() == 429)),
            1_000,
        ),
        (
            "hang",
            count(|one| matches!(one.fault, Some(Fault::Hang))),
            1_000,
        ),
        (
            "watch",
            count(|one| one.stream.events_before_cut.is_some()),
            3_000,
        ),
    ] {
        assert!(seen.abs_diff(wanted) < wanted / 5, "{what}: {seen}");
    }
}

#[test]
fn a_plan_without_rates_does_nothing() {
    let mut running = Running::new(FaultPlan::default());
    let mut course = running.next("GET /");
    assert!(course.told().is_none());
    let event = Bytes::from(r#"{"type":"ADDED"}"#);
    assert_eq!(course.stream.applied(event.clone()), event);
}

#[test]
fn events_come_twice_and_bookmarks_are_left_out_but_for_the_one_that_is_needed() {
    let mut stream = StreamFaults {
        duplicate_event: 1.0,
        bookmark_gap: 1.0,
        events_before_cut: Some(1),
        random: Random::default(),
    };
    let event = Bytes::from("{\"type\":\"ADDED\"}\n");
    assert!(!stream.cut() && stream.cut());
    assert_eq!(stream.applied(event.clone()).len(), 2 * event.len());
    let bookmark = Bytes::from("{\"object\":{},\"type\":\"BOOKMARK\"}\n");
    assert_eq!(stream.applied(bookmark), Bytes::new());
    let needed = Bytes::from(
        "{\"object\":{\"k8s.io/initial-events-end\":\"true\"},\"type\":\"BOOKMARK\"}\n",
    );
    assert_eq!(stream.applied(needed.clone()), needed);
}
