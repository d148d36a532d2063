//! Seals over the audit trail, and that nothing can be changed under them without being found.

use std::num::NonZeroU32;

use futures::future::join_all;
use proctord::audit::verification::{Finding, Report, verify};
use proctord::store::audit::seal::{Mark, Seal};
use proctord::store::{RefusalCount, Sealing, Store};

use crate::store::sample::entry;
use crate::store::subject::Subject;

const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// Writes so many rows.
async fn write(store: &dyn Store, count: usize) {
    for _ in 0..count {
        store.audit(entry("secret.set")).await.unwrap();
    }
}

/// Seals everything, two rows at a time.
async fn seal_all(store: &dyn Store) -> Vec<Seal> {
    let mut seals = Vec::new();
    while let Sealing::Sealed(seal) = store.seal_audit(TWO).await.unwrap() {
        seals.push(seal);
    }
    seals
}

/// What a walk finds, in words.
async fn walk(store: &dyn Store, marks: &[Mark]) -> (Vec<String>, Report) {
    let mut found = Vec::new();
    let mut tell = |finding: &Finding| found.push(finding.to_string());
    let report = verify(store, marks, &mut tell).await.unwrap();
    assert_eq!(report.findings, found.len() as u64);
    (found, report)
}

pub async fn what_is_written_is_sealed_once_in_batches_that_follow_each_other(
    subject: impl Subject,
) {
    let store = subject.store();
    assert_eq!(store.seal_audit(TWO).await.unwrap(), Sealing::Nothing);
    write(store, 5).await;

    let before = store.unsealed().await.unwrap();
    let seals = seal_all(store).await;
    write(store, 1).await;

    assert_eq!(before.rows, 5);
    let numbers: Vec<_> = seals.iter().map(|seal| (seal.number, seal.len())).collect();
    assert_eq!(numbers, [(1, 2), (2, 2), (3, 1)]);
    assert_eq!(seals[1].previous, seals[0].hash);
    assert_eq!(seals[2].previous, seals[1].hash);
    let (found, report) = walk(store, &[seals[1].mark()]).await;
    assert_eq!(found, [""; 0]);
    assert_eq!((report.seals, report.rows), (3, 5));
    assert_eq!(report.newest, Some(seals[2].mark()));
    assert_eq!(report.unsealed.rows, 1);
    assert!(report.unsealed.oldest >= before.oldest);
}

pub async fn the_chain_goes_on_after_a_restart(subject: impl Subject) {
    write(subject.store(), 2).await;
    let first = seal_all(subject.store()).await;

    let subject = subject.reopened().await;
    write(subject.store(), 2).await;
    let second = seal_all(subject.store()).await;

    assert_eq!((first[0].number, second[0].number), (1, 2));
    assert_eq!(second[0].previous, first[0].hash);
    assert_eq!(walk(subject.store(), &[]).await.0, [""; 0]);
}

pub async fn of_many_replicas_each_row_gets_one_seal(subject: impl Subject) {
    write(subject.store(), 41).await;

    let replicas = subject.replicas(4, None).await;
    let sealed = join_all(replicas.iter().map(|store| async {
        let mut rows = 0;
        loop {
            match store.seal_audit(TWO).await.unwrap() {
                Sealing::Sealed(seal) => rows += seal.len(),
                Sealing::Elsewhere => tokio::task::yield_now().await,
                Sealing::Nothing => return rows,
            }
        }
    }))
    .await;

    assert_eq!(sealed.iter().sum::<usize>(), 41);
    let (found, report) = walk(subject.store(), &[]).await;
    assert_eq!(found, [""; 0]);
    assert_eq!((report.seals, report.rows), (21, 41));
}

pub async fn a_trail_of_many_pages_is_verified(subject: impl Subject) {
    let many = NonZeroU32::new(2000).unwrap();
    let refused = |number: u32| RefusalCount {
        source: format!("192.0.2.{number}"),
        status: 403,
        count: number + 1,
    };
    let refusals: Vec<_> = (0..2100).map(refused).collect();
    subject.store().audit_refusals(&refusals).await.unwrap();
    let Sealing::Sealed(first) = subject.store().seal_audit(many).await.unwrap() else {
        panic!("nothing was sealed")
    };
    for _ in 0..40 {
        write(subject.store(), 1).await;
        subject.store().seal_audit(TWO).await.unwrap();
    }

    assert_eq!(first.len(), 2000);
    let (found, report) = walk(subject.store(), &[]).await;
    assert_eq!(found, [""; 0]);
    assert_eq!((report.seals, report.rows), (41, 2080));
    subject
        .tamper("DELETE FROM proctor.audit WHERE id = 1500")
        .await;
    let (found, _) = walk(subject.store(), &[]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("row 1500 of "), "{found:?}");
}

/// A statement of somebody who has the database, and how each finding about it ends.
type Case = (&'static str, &'static [&'static str]);

const CASES: [Case; 20] = [
    ("UPDATE proctor.audit SET at = EPOCH WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET who = 'eve' WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET action = 'x' WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET target = 'x' WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET source = 'x' WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET result = 'x' WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET count = 2 WHERE id = 2", &["was altered after seal 1"]),
    ("UPDATE proctor.audit SET request_id = 'x' WHERE id = 2", &["was altered after seal 1"]),
    (
        "UPDATE proctor.audit SET seal = 2 WHERE id = 2",
        &["is missing from seal 1", "was inserted: seal 2 does not cover it"],
    ),
    (
        "UPDATE proctor.audit SET seal = 9 WHERE id = 2",
        &["is missing from seal 1", "was inserted: seal 9 does not cover it"],
    ),
    ("UPDATE proctor.audit SET seal = NULL WHERE id = 2", &["is missing from seal 1"]),
    ("DELETE FROM proctor.audit WHERE id = 1", &["is missing from seal 1"]),
    (
        "INSERT INTO proctor.audit (at, who, action, target, source, result, request_id, seal)
         VALUES (EPOCH, 'eve', 'x', 'x', 'x', 'done', '', 1)",
        &["was inserted: seal 1 does not cover it"],
    ),
    (
        "UPDATE proctor.audit SET target = CASE id WHEN 2 THEN 'target-3' ELSE 'target-2' END WHERE id IN (2, 3)",
        &["was altered after seal 1", "was altered after seal 2"],
    ),
    ("UPDATE proctor.audit_seal SET at = EPOCH WHERE number = 2", &["its hash does not fit"]),
    (
        "UPDATE proctor.audit_seal SET previous = hash WHERE number = 2",
        &["does not follow seal 1: one of them was replaced", "its hash does not fit"],
    ),
    (
        "UPDATE proctor.audit_seal SET contents = (SELECT contents FROM proctor.audit_seal WHERE number = 1)
          WHERE number = 2",
        &[
            "its hash does not fit",
            "was inserted: seal 2 does not cover it",
            "was inserted: seal 2 does not cover it",
            "is missing from seal 2",
            "is missing from seal 2",
        ],
    ),
    ("UPDATE proctor.audit_seal SET hash = previous WHERE number = 2", &["its hash does not fit"]),
    (
        "UPDATE proctor.audit_seal SET number = 7 WHERE number = 3",
        &[
            "seals 3 to 6 are missing",
            "was inserted: seal 3 does not cover it",
            "its hash does not fit",
            "is missing from seal 7",
        ],
    ),
    (
        "DELETE FROM proctor.audit_seal WHERE number = 2",
        &[
            "seal 2 is missing",
            "was inserted: seal 2 does not cover it",
            "was inserted: seal 2 does not cover it",
        ],
    ),
];

pub async fn whatever_is_changed_after_sealing_is_found<S: Subject>(_: S) {
    for (statement, expected) in CASES {
        let subject = sealed::<S>().await;

        subject.tamper(statement).await;

        let (found, _) = walk(subject.store(), &[]).await;
        let fits = found.len() == expected.len()
            && expected
                .iter()
                .all(|end| found.iter().any(|finding| finding.ends_with(end)));
        assert!(fits, "{statement}: {found:?}");
    }
}

pub async fn an_end_that_is_gone_and_a_trail_written_anew_show_by_a_seal_that_was_noted<
    S: Subject,
>(
    _: S,
) {
    let subject = sealed::<S>().await;
    let newest = walk(subject.store(), &[]).await.1.newest.unwrap();

    subject
        .tamper("DELETE FROM proctor.audit WHERE seal = 3")
        .await;
    subject
        .tamper("DELETE FROM proctor.audit_seal WHERE number = 3")
        .await;
    let marks = [newest];
    assert_eq!(walk(subject.store(), &[]).await.0, [""; 0]);
    let found = walk(subject.store(), &marks).await.0;
    assert_eq!(found, ["seal 3 was noted down, and is missing"]);

    subject
        .tamper("UPDATE proctor.audit SET who = 'eve', seal = NULL")
        .await;
    subject.tamper("DELETE FROM proctor.audit_seal").await;
    write(subject.store(), 1).await;
    let seals = seal_all(subject.store()).await;
    assert_eq!(seals.len(), 3);
    assert_eq!(walk(subject.store(), &[]).await.0, [""; 0]);
    let found = walk(subject.store(), &marks).await.0;
    let mark = seals[2].mark();
    assert_eq!(
        found,
        [format!("seal {mark} is not the one that was noted down")]
    );
}

pub async fn a_seal_that_was_replaced_with_its_rows_breaks_the_chain<S: Subject>(_: S) {
    let subject = sealed::<S>().await;
    // The second seal is made anew over altered rows; the third one is put back as it was.
    subject
        .tamper("UPDATE proctor.audit SET seal = NULL WHERE seal = 3")
        .await;
    subject
        .tamper("UPDATE proctor.audit SET target = 'x', seal = NULL WHERE seal = 2")
        .await;
    subject
        .tamper("UPDATE proctor.audit_seal SET number = -9 WHERE number = 3")
        .await;
    subject
        .tamper("DELETE FROM proctor.audit_seal WHERE number = 2")
        .await;
    seal_all(subject.store()).await;
    subject
        .tamper("DELETE FROM proctor.audit_seal WHERE number = 3")
        .await;
    subject
        .tamper("UPDATE proctor.audit_seal SET number = 3 WHERE number = -9")
        .await;

    let (found, _) = walk(subject.store(), &[]).await;

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].ends_with("does not follow seal 2: one of them was replaced"),
        "{found:?}"
    );
}

/// Five rows under three seals.
async fn sealed<S: Subject>() -> S {
    let subject = S::fresh().await;
    write(subject.store(), 5).await;
    seal_all(subject.store()).await;
    subject
}
