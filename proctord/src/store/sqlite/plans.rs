//! How SQLite goes about the queries that run often: none may read a table from end to end.

use std::num::NonZeroU32;

use jiff::Timestamp;
use proctor_api::Status;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::{
    SqliteStore, adopt, delivery, hold, idempotency, import, list, log, queue, row, schedule, stop,
};
use crate::domain::id::ExecutionId;
use crate::store::{Cursor, Filter};

async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(explained).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

fn filters() -> Vec<Filter> {
    let moment = Timestamp::UNIX_EPOCH;
    let mut filters = Vec::new();
    for mask in 0_u32..32 {
        let has = |bit: u32| mask & (1 << bit) != 0;
        filters.push(Filter {
            proc_name: has(0).then(|| "say-hello".parse().unwrap()),
            user: has(1).then(|| "ann".into()),
            status: has(2).then_some(Status::Running),
            since: has(3).then_some(moment),
            until: has(4).then_some(moment),
        });
    }
    filters
}

#[tokio::test]
async fn every_list_follows_an_index_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let mut unit = store.records.begin().await.unwrap();
    let cursor = Cursor {
        created_at: Timestamp::UNIX_EPOCH,
        id: ExecutionId::compose(Timestamp::UNIX_EPOCH, 1),
    };

    for filter in filters() {
        for after in [None, Some(cursor)] {
            let sql = list::select(&filter, after, NonZeroU32::MIN);
            let plan = plan(&mut unit, sql.sql().as_str()).await;
            let [step] = &plan[..] else {
                panic!("{filter:?} takes more than one step: {plan:?}")
            };
            assert!(
                step.contains(" USING INDEX execution_by_"),
                "{filter:?}: {step}"
            );
        }
    }
}

#[tokio::test]
async fn no_unit_of_work_reads_a_table_from_end_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let mut records = store.records.begin().await.unwrap();
    for sql in [
        queue::slots::TAKEN,
        queue::slots::WAITING,
        queue::slots::ADMITTED,
        queue::heads::NEXT_PROC,
        queue::heads::HEAD,
        queue::place::IN_PROC,
        stop::OF_OWNER,
        adopt::UNFINISHED,
        adopt::ADOPT,
        idempotency::FIND,
        idempotency::PURGE,
        delivery::RELEASE,
        delivery::IS_DUE,
        delivery::LEFT_BEHIND,
        delivery::TAKE_BACK,
        delivery::DUE,
        hold::UNKNOWN,
        schedule::DUE,
        schedule::NEXT,
        schedule::LIVE,
        schedule::HELD,
        schedule::OF_PROC,
        schedule::FIRINGS,
        schedule::FORGET_STRETCHES,
        delivery::FORGET,
        schedule::OF_KEY,
        schedule::OF_V2,
        schedule::GIVE_KEY_BACK,
        row::OF_V2,
        import::LAST_OF_MOMENT,
        import::NAME_IS_TAKEN,
    ] {
        assert_searches(&plan(&mut records, sql).await, sql);
    }
    drop(records);
    let mut logs = store.logs.begin_beside().await.unwrap();
    for sql in [
        log::chunk::READ,
        log::read::EVENTS,
        log::standing::OF,
        log::append::ADVANCE,
        log::trim::FIRST_FROM,
        log::trim::LAST_TO,
        log::trim::DELETE,
    ] {
        assert_searches(&plan(&mut logs, sql).await, sql);
    }
}

fn assert_searches(plan: &[String], sql: &str) {
    // What is asked for is no table.
    let harmless = ["SCAN CONSTANT ROW", "SCAN json_each VIRTUAL TABLE"];
    let bad = |step: &&String| {
        let scans = step.starts_with("SCAN ");
        (scans && !harmless.iter().any(|harmless| step.starts_with(harmless)))
            || step.contains("TEMP B-TREE")
    };
    assert_eq!(plan.iter().find(bad), None, "{sql}: {plan:#?}");
    assert!(
        plan.iter().any(|step| step.starts_with("SEARCH ")),
        "{sql}: {plan:#?}"
    );
}
