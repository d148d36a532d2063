//! Writes that are under way while somebody takes their execution over: they wait for that to be decided, and are
//! refused under the fence of before. None slips in between.

use proctor_testkit::postgres::Database;
use proctor_testkit::wait_for_async;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::{Event, LateOutcome};
use proctord::store::{Change, Store, StoreError};
use sqlx::{Connection, PgConnection};

use super::PostgresSubject;
use crate::store::sample::{accept, append, change, end, log_end, new_execution, run, write};
use crate::store::subject::Subject;
use proctord::domain::lifecycle::Cause;

/// Somebody who has taken an execution over, and has not committed it yet.
struct Adopter {
    connection: PgConnection,
}

impl Adopter {
    /// By the locks that an adoption takes.
    async fn of(database: &Database<'_>, execution: &Execution) -> Self {
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        let id = execution.id;
        let statements = format!(
            "BEGIN; SELECT id FROM proctor.execution WHERE id = {id} FOR UPDATE;
             UPDATE proctor.execution SET owner = 'replica-2', fence = fence + 1 WHERE id = {id}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
            .execute(&mut connection)
            .await
            .unwrap();
        Self { connection }
    }

    /// Commits as soon as somebody waits for it.
    async fn commits_before_who_waits(mut self, database: &Database<'_>) {
        wait_for_async("a write that waits for the adoption", async || {
            let waiting = database.psql(
                "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND wait_event_type = 'Lock'",
            );
            if waiting.trim() == "0" {
                Err(waiting)
            } else {
                Ok(())
            }
        })
        .await;
        sqlx::raw_sql("COMMIT")
            .execute(&mut self.connection)
            .await
            .unwrap();
    }
}

/// A write under the fence of before, while somebody takes over.
async fn overtaken(
    subject: &PostgresSubject,
    execution: &Execution,
    write: impl Future<Output = Result<(), StoreError>>,
) {
    let adopter = Adopter::of(&subject.database, execution).await;

    let (written, ()) = tokio::join!(write, adopter.commits_before_who_waits(&subject.database));

    let refused = written.unwrap_err();
    assert!(matches!(refused, StoreError::FenceLost(_)), "{refused:?}");
}

fn stored(subject: &PostgresSubject, execution: &Execution) -> String {
    let id = execution.id;
    subject.database.psql(&format!(
        "SELECT (to_jsonb(execution) - 'owner' - 'fence')::text,
                (SELECT count(*) FROM proctor.step WHERE execution_id = {id}),
                (SELECT count(*) FROM proctor.chunk WHERE execution_id = {id}),
                (SELECT count(*) FROM proctor.event WHERE execution_id = {id}),
                (SELECT count(*) FROM proctor.delivery WHERE execution_id = {id})
           FROM proctor.execution WHERE id = {id}"
    ))
}

async fn running(store: &dyn Store) -> Execution {
    let mut new = new_execution("say-hello");
    new.callback_url = Some("http://callback.example/".into());
    let execution = accept(store, new).await;
    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, run()).await.unwrap()
}

fn changed(execution: &Execution, event: Event) -> Change {
    Change {
        id: execution.id,
        fence: execution.fence,
        event,
        handle: None,
        sealed_secrets: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_waits_for_who_takes_over_and_is_refused() {
    let subject = PostgresSubject::fresh().await;
    let store = subject.store();
    let execution = running(store).await;
    write(store, append(&execution, 0, b"before"))
        .await
        .unwrap();
    let before = stored(&subject, &execution);

    overtaken(
        &subject,
        &execution,
        write(store, append(&execution, 6, b"late")),
    )
    .await;

    assert_eq!(stored(&subject, &execution), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_waits_for_who_takes_over_and_is_refused_with_its_delivery() {
    let subject = PostgresSubject::fresh().await;
    let store = subject.store();
    let execution = running(store).await;
    let before = stored(&subject, &execution);
    let late = changed(&execution, end(Cause::Gone, None));

    overtaken(&subject, &execution, async {
        store.transition(late).await.map(drop)
    })
    .await;

    assert_eq!(stored(&subject, &execution), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_log_waits_for_who_takes_over_and_is_refused() {
    let subject = PostgresSubject::fresh().await;
    let store = subject.store();
    let execution = running(store).await;
    let before = stored(&subject, &execution);

    overtaken(
        &subject,
        &execution,
        store.finish_log(execution.id, execution.fence, log_end(0)),
    )
    .await;

    assert_eq!(stored(&subject, &execution), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_waits_for_who_takes_over_and_is_refused() {
    let subject = PostgresSubject::fresh().await;
    let store = subject.store();
    let execution = running(store).await;
    let before = stored(&subject, &execution);

    overtaken(
        &subject,
        &execution,
        store.note_waiting(execution.id, execution.fence, Some("a node")),
    )
    .await;

    assert_eq!(stored(&subject, &execution), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_outcome_waits_for_who_takes_over_and_is_refused() {
    let subject = PostgresSubject::fresh().await;
    let store = subject.store();
    let execution = running(store).await;
    let lost = end(Cause::Gone, None);
    let execution = change(store, &execution, lost).await.unwrap();
    let before = stored(&subject, &execution);
    let Event::End(seen) = end(Cause::Exited, None) else {
        unreachable!("it is an end")
    };
    let late = LateOutcome::of(seen, None);

    overtaken(&subject, &execution, async {
        let noted = store.note_late_outcome(execution.id, execution.fence, late);
        noted.await.map(drop)
    })
    .await;

    assert_eq!(stored(&subject, &execution), before);
}

/// The other way round: who writes first is left alone by who would take over, until it is done.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_passes_by_what_is_being_written() {
    let subject = PostgresSubject::fresh().await;
    let store = subject.store();
    let mut new = new_execution("say-hello");
    new.host = None;
    let execution = accept(store, new).await;
    let second = crate::store::sample::replica("replica-2");
    let lifetime = jiff::SignedDuration::from_secs(30);
    store.renew_lease(&second, lifetime).await.unwrap();
    let mut writer = PgConnection::connect(&subject.database.url())
        .await
        .unwrap();
    let lock = format!(
        "BEGIN; SELECT id FROM proctor.execution WHERE id = {} FOR KEY SHARE",
        execution.id
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock))
        .execute(&mut writer)
        .await
        .unwrap();
    let many = 10.try_into().unwrap();

    let meanwhile = store.adopt_silent(&second, many).await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut writer).await.unwrap();
    let afterwards = store.adopt_silent(&second, many).await.unwrap();

    assert!(meanwhile.is_empty(), "{meanwhile:?}");
    assert_eq!(afterwards.len(), 1);
}
