//! A database that is in trouble: cut off in the middle of a unit of work, locked, frozen, stopped, read-only,
//! full, or asked by too many. Nothing is ever half-written, who asks is told in time, and afterwards everything
//! goes on by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use proctor_testkit::postgres::{Database, Server};
use proctor_testkit::wait_for_async;
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{Accepted, Store, StoreError};

use tokio::runtime::Runtime;

use super::migrated;
use crate::store::sample::{accept, entry, key, new_execution, seen, stop};

const PATIENCE: Duration = Duration::from_secs(2);
/// A server that does not answer is given up on by the client, a little later.
const BOUND: Duration = Duration::from_secs(8);

fn patient(database: &Database<'_>, connections: u32) -> PostgresStore {
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    settings.max_connections = connections.try_into().unwrap();
    settings.patience = PATIENCE;
    PostgresStore::new(&settings)
}

/// What the error says, to its root.
fn told(error: &StoreError) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}

fn unavailable<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    let error = answer.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    told(&error)
}

/// Holds the lock of a table until it is dropped, so that units of work stop half-way.
struct Obstacle {
    connection: sqlx::PgConnection,
}

impl Obstacle {
    async fn before(database: &Database<'_>, table: &str) -> Self {
        let mut connection: sqlx::PgConnection =
            <sqlx::PgConnection as sqlx::Connection>::connect(&database.url())
                .await
                .unwrap();
        let lock = format!("BEGIN; LOCK TABLE proctor.{table} IN ACCESS EXCLUSIVE MODE");
        sqlx::raw_sql(sqlx::AssertSqlSafe(lock))
            .execute(&mut connection)
            .await
            .unwrap();
        Self { connection }
    }

    async fn lifted(mut self) {
        sqlx::raw_sql("COMMIT")
            .execute(&mut self.connection)
            .await
            .unwrap();
    }
}

/// Cuts off every connection that waits at the obstacle, as soon as there is one.
async fn cut_off_who_waits(database: &Database<'_>) {
    wait_for_async("a connection that waits for a lock", async || {
        let cut = database.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        if cut.trim() == "0" { Err(cut) } else { Ok(()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_is_cut_off_half_way_is_not_stored() {
    let (database, _) = migrated().await;
    let store = patient(&database, 4);
    let execution = accept(&store, new_execution("say-hello")).await;
    let obstacle = Obstacle::before(&database, "audit").await;

    let (answer, ()) = tokio::join!(
        store.request_stop(execution.id, stop(None), entry("execution.stop")),
        cut_off_who_waits(&database),
    );
    obstacle.lifted().await;

    unavailable(answer);
    assert_eq!(seen(&store, &execution).await, execution);
    let stopped = store
        .request_stop(execution.id, stop(None), entry("execution.stop"))
        .await
        .unwrap();
    assert!(stopped.stop.is_some());
    assert_eq!(
        database
            .psql("SELECT count(*) FROM proctor.audit WHERE action = 'execution.stop'")
            .trim(),
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_cut_off_is_stored_once_when_it_is_sent_again() {
    let (database, _) = migrated().await;
    let store = patient(&database, 4);
    let obstacle = Obstacle::before(&database, "audit").await;
    let new = new_execution("say-hello");

    let (answer, ()) = tokio::join!(
        store.accept(new.clone(), key("k", "d"), entry("execution.create")),
        cut_off_who_waits(&database),
    );
    obstacle.lifted().await;

    unavailable(answer);
    assert_eq!(rows(&database), "0|0|0");
    let mut again = new;
    again.name = proctord::domain::name::ExecutionName::generate();
    let first = store
        .accept(again.clone(), key("k", "d"), entry("execution.create"))
        .await
        .unwrap();
    let second = store
        .accept(again, key("k", "d"), entry("execution.create"))
        .await
        .unwrap();
    assert!(matches!(first, Accepted::New(_)) && matches!(second, Accepted::Before(_)));
    assert_eq!(rows(&database), "1|1|1");
}

/// How many rows an accepted execution has in each table.
fn rows(database: &Database<'_>) -> String {
    let counts = database.psql(
        "SELECT (SELECT count(*) FROM proctor.execution), (SELECT count(key) FROM proctor.execution),
                (SELECT count(*) FROM proctor.audit)",
    );
    counts.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_the_runtime_of_who_had_it_made() {
    let (database, _) = migrated().await;
    let store = Arc::new(patient(&database, 1));
    let of_a_request = Arc::clone(&store);
    let request = move || {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(of_a_request.census()).unwrap();
    };
    std::thread::spawn(request).join().unwrap();

    store.give_up_lease("who-leaves").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_slow_is_given_up_on_in_time_and_what_was_begun_is_gone() {
    let (database, _) = migrated().await;
    let store = patient(&database, 4);
    let obstacle = Obstacle::before(&database, "audit").await;
    let began = Instant::now();

    let answer = store
        .accept(new_execution("say-hello"), None, entry("execution.create"))
        .await;

    let told = unavailable(answer);
    assert!(told.contains("statement timeout"), "{told}");
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    obstacle.lifted().await;
    assert_eq!(rows(&database), "0|0|0");
    accept(&store, new_execution("say-hello")).await;
    assert_eq!(rows(&database), "1|0|1");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_callers_than_can_be_served_some_are_turned_away_at_once_and_none_waits_for_ever() {
    let (database, _) = migrated().await;
    let store = patient(&database, 1);
    store.check().await.unwrap();
    let obstacle = Obstacle::before(&database, "audit").await;

    let callers = join_all((0..100).map(|_| async {
        let began = Instant::now();
        let answer = store
            .accept(new_execution("say-hello"), None, entry("execution.create"))
            .await;
        (unavailable(answer), began.elapsed())
    }))
    .await;
    obstacle.lifted().await;

    let at_once = callers
        .iter()
        .filter(|(_, took)| *took < PATIENCE / 2)
        .count();
    assert!(at_once >= 50, "{at_once} of 100 were turned away at once");
    for (told, took) in &callers {
        assert!(*took < BOUND, "{told} after {took:?}");
    }
    assert_eq!(rows(&database), "0|0|0");
    accept(&store, new_execution("say-hello")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_freezes_is_given_up_on_and_found_again() {
    let server = Server::start();
    let (database, store) = own(&server).await;
    accept(&store, new_execution("say-hello")).await;
    server.pause();
    let began = Instant::now();

    let answers = join_all(
        (0..8).map(|_| store.accept(new_execution("say-hello"), None, entry("execution.create"))),
    )
    .await;
    let took = began.elapsed();
    server.resume();

    let errors = answers.into_iter().filter_map(Result::err).count();
    assert_eq!(errors, 8);
    assert!(took < BOUND, "{took:?}");
    until_it_answers(&store).await;
    // One that was on its way when the server froze may have been stored: it is there whole or not at all.
    let stored: Vec<_> = rows(&database)
        .split('|')
        .map(|count| count.parse::<u32>().unwrap())
        .collect();
    assert_eq!((stored[0], stored[1]), (stored[2], 0), "{stored:?}");
    assert!(stored[0] >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_found_again_with_everything_that_was_accepted() {
    let server = Server::start();
    let (_database, store) = own(&server).await;
    let mut accepted = Vec::new();
    for _ in 0..8 {
        accepted.push(accept(&store, new_execution("say-hello")).await);
    }
    server.kill();

    let away = store
        .accept(new_execution("say-hello"), None, entry("execution.create"))
        .await;
    unavailable(away);
    unavailable(store.check().await);
    server.start_again();

    until_it_answers(&store).await;
    for execution in &accepted {
        assert_eq!(&seen(&store, execution).await, execution);
    }
    // Connections that broke meanwhile are replaced before they are used, not one by one by failing.
    for result in join_all(
        (0..8).map(|_| store.request_stop(accepted[0].id, stop(None), entry("execution.stop"))),
    )
    .await
    {
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_only_reads_says_so_and_still_reads() {
    let (database, _) = migrated().await;
    let store = patient(&database, 4);
    let execution = accept(&store, new_execution("say-hello")).await;
    store.close().await;
    let set = |value: &str| {
        database.psql(&format!(
            "ALTER DATABASE {} SET default_transaction_read_only = {value}",
            database.name()
        ))
    };
    let _ = set("on");
    let store = patient(&database, 4);

    for refused in [
        unavailable(
            store
                .accept(new_execution("say-hello"), None, entry("execution.create"))
                .await,
        ),
        unavailable(store.check().await),
        unavailable(
            store
                .request_stop(execution.id, stop(None), entry("execution.stop"))
                .await,
        ),
    ] {
        assert!(refused.contains("read-only transaction"), "{refused}");
    }
    assert_eq!(seen(&store, &execution).await, execution);

    let reset = format!(
        "BEGIN READ WRITE; ALTER DATABASE {} RESET default_transaction_read_only; COMMIT;",
        database.name()
    );
    assert_eq!(database.psql(&reset).trim(), "");
    store.close().await;
    let store = patient(&database, 4);
    accept(&store, new_execution("say-hello")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_schema_says_what_to_do_and_a_newer_one_is_served() {
    let database = Server::shared().database();
    let settings: PostgresSettings = database.url().parse().unwrap();
    let store = PostgresStore::new(&settings);

    for refused in [
        store.check().await.unwrap_err(),
        store.installation().await.unwrap_err(),
    ] {
        assert!(
            matches!(refused, StoreError::SchemaBehind { found: 0, .. }),
            "{refused:?}"
        );
        assert!(
            refused.to_string().contains("proctord migrate"),
            "{refused}"
        );
    }
    let applied = migrations::apply(&settings).await.unwrap();
    assert!(applied.len() >= 2, "{applied:?}");
    store.check().await.unwrap();
    assert!(migrations::apply(&settings).await.unwrap().is_empty());
    let _ = database.psql(
        "INSERT INTO proctor.schema_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'newer', TRUE, '\\x00', 0)",
    );
    store.check().await.unwrap();
    let newer = migrations::apply(&settings).await.unwrap_err();
    assert!(newer.to_string().contains("9999"), "{newer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_schema_can_be_taken_back_and_applied_again() {
    let (database, settings) = migrated().await;
    let whole = schema(&database);
    let all = migrations::history(&settings).await.unwrap();

    let mut taken_back = Vec::new();
    while let Some(step) = migrations::roll_back(&settings).await.unwrap() {
        taken_back.insert(0, step);
    }

    assert_eq!(taken_back, all);
    assert_eq!(schema(&database), "", "something is left");
    assert_eq!(migrations::apply(&settings).await.unwrap(), all);
    assert_eq!(schema(&database), whole);
}

/// Every table, column, index, sequence and function of the schema, but for the table of its steps.
fn schema(database: &Database<'_>) -> String {
    let shown = database.psql(
        "SELECT * FROM (
             SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS thing
               FROM information_schema.columns WHERE table_schema = 'proctor'
              UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'proctor'
              UNION ALL SELECT sequencename FROM pg_sequences WHERE schemaname = 'proctor'
              UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'proctor'::regnamespace) AS things
          WHERE thing NOT LIKE '%schema_migrations%' ORDER BY 1",
    );
    shown.trim().to_owned()
}

async fn own(server: &Server) -> (Database<'_>, PostgresStore) {
    let database = server.database();
    migrations::apply(&database.url().parse().unwrap())
        .await
        .unwrap();
    let store = patient(&database, 8);
    (database, store)
}

async fn until_it_answers(store: &PostgresStore) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(error) = store.check().await {
        assert!(Instant::now() < deadline, "{}", told(&error));
    }
}
