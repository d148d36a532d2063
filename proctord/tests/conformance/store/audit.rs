//! The audit trail, and what the store tells of itself.

use proctord::store::{AuditEntry, AuditResult};

use super::sample::{accept, entry, new_execution, stop};
use super::subject::{AuditRow, Subject};

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

pub async fn the_installation_has_an_id_that_stays(subject: impl Subject) {
    let id = subject.store().installation().await.unwrap();

    let subject = subject.reopened().await;

    assert_eq!(subject.store().installation().await.unwrap(), id);
    assert_eq!(id.get_version_num(), 4);
}

pub async fn a_store_that_can_be_written_to_says_so(subject: impl Subject) {
    subject.store().check().await.unwrap();
}
