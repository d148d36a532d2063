//! What only a look into the file can bring about: a moment whose ids are all taken, and what an import that was
//! cut off has left.

use proctor_api::Status;
use proctord::domain::id::ExecutionId;
use proctord::store::LogPosition;

use super::{SqliteSubject, second_handle};
use crate::store::sample::{import, imported};
use crate::store::subject::Subject;

#[tokio::test]
async fn where_a_moment_has_no_free_id_the_next_one_has() {
    let subject = SqliteSubject::fresh().await;
    let first = import(subject.store(), imported(1, Status::Finished)).await;
    let moment = ExecutionId::of_moment(first.created_at);
    sqlx::query(
        "INSERT INTO execution (id, name, proc_name, user, plan, runner, status, created_at, updated_at,
             start_before, owner, fence, slot, log_open)
         SELECT ?, 'another', proc_name, user, plan, runner, 'LOST', created_at, updated_at,
             start_before, owner, fence, slot, log_open FROM execution",
    )
    .bind(moment.end().as_i64())
    .execute(&subject.records)
    .await
    .unwrap();

    let second = import(subject.store(), imported(2, Status::Finished)).await;

    assert_eq!(first.id, *moment.start());
    assert_eq!(second.id, *ExecutionId::following(&moment).start());
}

#[tokio::test]
async fn a_log_that_was_left_behind_is_written_anew() {
    let subject = SqliteSubject::fresh().await;
    let logs = second_handle(&subject.folder.path().join("logs.db")).await;
    let id = ExecutionId::of_moment(imported(1, Status::Finished).created_at);
    for sql in [
        "INSERT INTO log (execution_id, length, events, ended) VALUES (?, 4, 1, 1)",
        "INSERT INTO chunk (execution_id, offset, length, codec, bytes) VALUES (?, 0, 4, 'raw', x'6c656674')",
        "INSERT INTO event (execution_id, number, offset, event) VALUES (?, 0, 4, '{}')",
    ] {
        let insert = sqlx::query(sql).bind(id.start().as_i64());
        insert.execute(&logs).await.unwrap();
    }

    let execution = import(subject.store(), imported(1, Status::Finished)).await;

    assert_eq!(execution.id, *id.start());
    let log = subject
        .store()
        .read_log(execution.id, LogPosition::default(), 100);
    let log = log.await.unwrap();
    assert_eq!(log.chunks[0].bytes, b"one\ntwo".as_slice());
    assert!(log.chunks.len() == 1 && log.has_end(), "{log:?}");
}
