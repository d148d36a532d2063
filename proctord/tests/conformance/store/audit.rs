//! The audit trail, and what the store tells of itself.

use std::num::NonZeroU32;

use proctord::store::{AuditEntry, AuditFilter, AuditResult, RefusalCount};

use super::sample::{accept, entry, new_execution, stop};
use super::subject::{AuditRow, Subject};

const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

pub async fn each_unit_of_work_that_somebody_asked_for_leaves_one_row(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let refused = AuditEntry {
        target: execution.id.to_string(),
        result: AuditResult::Refused,
        ..entry("execution.stop")
    };
    store
        .request_stop(execution.id, stop(None), refused)
        .await
        .unwrap();
    store.audit(entry("secret.set")).await.unwrap();

    let rows = subject.audit_rows().await;

    let row = |action: &str, target: &str, result: &str| AuditRow {
        who: "ann@example.com".into(),
        action: action.into(),
        target: target.into(),
        source: "192.0.2.1".into(),
        result: result.into(),
        request_id: "request-1".into(),
    };
    let id = execution.id.to_string();
    assert_eq!(
        rows,
        [
            row("execution.create", &id, "done"),
            row("execution.stop", &id, "refused"),
            row("secret.set", "say-hello", "done"),
        ]
    );
}

pub async fn refusals_are_rows_with_a_count(subject: impl Subject) {
    let refused = |source: &str, status, count| RefusalCount {
        source: source.to_owned(),
        status,
        count,
    };
    let counts = [refused("192.0.2.1", 401, 17), refused("others", 403, 1)];

    subject.store().audit_refusals(&counts).await.unwrap();

    let filter = AuditFilter {
        action: Some("access.refused".into()),
        ..AuditFilter::default()
    };
    let page = subject
        .store()
        .audit_rows(&filter, None, TEN)
        .await
        .unwrap();
    let rows: Vec<_> = page
        .rows
        .iter()
        .map(|row| {
            (
                &*row.source,
                &*row.target,
                &*row.result,
                row.count,
                &*row.who,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("others", "403", "refused", 1, ""),
            ("192.0.2.1", "401", "refused", 17, ""),
        ]
    );
}

pub async fn a_page_of_the_trail_goes_from_new_to_old_and_filters(subject: impl Subject) {
    let store = subject.store();
    for number in 0..5 {
        let target = format!("proc-{number}");
        let written = AuditEntry {
            target,
            result: if number == 3 {
                AuditResult::Failed
            } else {
                AuditResult::Done
            },
            ..entry("metadata.publish")
        };
        store.audit(written).await.unwrap();
    }
    let list = async |filter: AuditFilter, before| {
        let two = 2.try_into().unwrap();
        let page = store.audit_rows(&filter, before, two).await.unwrap();
        let targets: Vec<_> = page.rows.iter().map(|row| row.target.clone()).collect();
        (targets, page)
    };
    let all = AuditFilter::default;

    let (first, page) = list(all(), None).await;
    let (second, page) = list(all(), page.next).await;
    let (last, end) = list(all(), page.next).await;
    assert_eq!(first, ["proc-4", "proc-3"]);
    assert_eq!(second, ["proc-2", "proc-1"]);
    assert_eq!(last, ["proc-0"]);
    assert_eq!(end.next, None);

    let at = page.rows[0].at;
    let after = at + jiff::SignedDuration::from_micros(1);
    let one = async |filter: AuditFilter| list(filter, None).await.0;
    let text = |text: &str| Some(text.to_owned());
    let none = [""; 0];
    assert_eq!(
        one(AuditFilter {
            result: Some(AuditResult::Failed),
            ..all()
        })
        .await,
        ["proc-3"]
    );
    assert_eq!(
        one(AuditFilter {
            target: text("proc-1"),
            ..all()
        })
        .await,
        ["proc-1"]
    );
    assert_eq!(
        one(AuditFilter {
            who: text("eve"),
            ..all()
        })
        .await,
        none
    );
    assert_eq!(
        one(AuditFilter {
            source: text("198.51.100.1"),
            ..all()
        })
        .await,
        none
    );
    assert_eq!(
        one(AuditFilter {
            action: text("metadata"),
            ..all()
        })
        .await,
        none
    );
    assert_eq!(
        one(AuditFilter {
            since: Some(after),
            until: Some(at),
            ..all()
        })
        .await,
        none
    );
    let exactly = AuditFilter {
        since: Some(at),
        until: Some(after),
        ..all()
    };
    assert_eq!(one(exactly).await[0], "proc-2");
}

pub async fn the_installation_has_an_id_that_stays(subject: impl Subject) {
    let id = subject.store().installation().await.unwrap();

    let subject = subject.reopened().await;

    assert_eq!(subject.store().installation().await.unwrap(), id);
    assert_eq!(id.get_version_num(), 4);
}

pub async fn a_store_that_can_be_written_to_says_so(subject: impl Subject) {
    subject.store().check().await.unwrap();
}
