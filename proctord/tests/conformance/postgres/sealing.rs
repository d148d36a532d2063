//! Rows that are committed in another order than they were written in, and a sealer that dies half-way.

use std::num::NonZeroU32;

use proctord::audit::verification::verify;
use proctord::store::{AuditTrail, Sealing};
use sqlx::{Connection, PgConnection};

use super::PostgresSubject;
use crate::store::sample::entry;
use crate::store::subject::Subject;

const MANY: NonZeroU32 = NonZeroU32::new(100).unwrap();

async fn findings(subject: &PostgresSubject) -> u64 {
    let report = verify(subject.store(), &[], &mut |_| ()).await.unwrap();
    report.findings
}

#[tokio::test]
async fn a_row_that_is_committed_late_is_covered_by_a_later_seal() {
    let subject = PostgresSubject::fresh().await;
    let mut slow = PgConnection::connect(&subject.database.url())
        .await
        .unwrap();
    let write =
        "BEGIN; INSERT INTO proctor.audit (at, who, action, target, source, result, request_id)
                 VALUES (clock_timestamp(), 'slow', 'x', 'x', 'x', 'done', '')";
    sqlx::raw_sql(write).execute(&mut slow).await.unwrap();
    subject.store.audit(entry("secret.set")).await.unwrap();

    let first = subject.store.seal_audit(MANY).await.unwrap();
    let nothing = subject.store.seal_audit(MANY).await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut slow).await.unwrap();
    let second = subject.store.seal_audit(MANY).await.unwrap();

    let ids = |sealing: &Sealing| match sealing {
        Sealing::Sealed(seal) => seal.lines().map(|line| line.id).collect(),
        _ => Vec::new(),
    };
    assert_eq!((ids(&first), ids(&second)), (vec![2], vec![1]));
    assert_eq!(nothing, Sealing::Nothing);
    assert_eq!(findings(&subject).await, 0);
}

#[tokio::test]
async fn while_somebody_else_seals_nothing_is_done() {
    let subject = PostgresSubject::fresh().await;
    subject.store.audit(entry("secret.set")).await.unwrap();
    let mut other = PgConnection::connect(&subject.database.url())
        .await
        .unwrap();
    // The key is the one of proctord; a sealer that has died holds nothing any more.
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(8102661152538849793)";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();

    let meanwhile = subject.store.seal_audit(MANY).await.unwrap();
    drop(other);
    let sealed = proctor_testkit::wait_for_async("the lock to be gone", async || {
        match subject.store.seal_audit(MANY).await.unwrap() {
            Sealing::Sealed(seal) => Ok(seal),
            other => Err(other),
        }
    });

    assert_eq!(meanwhile, Sealing::Elsewhere);
    assert_eq!(sealed.await.number, 1);
    assert_eq!(findings(&subject).await, 0);
}
