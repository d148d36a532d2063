//! How Postgres goes about the queries, among two hundred thousand executions, which are enough
//! for reading a table from end to end to be the worse way: no query may.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::metadata::queries;
use super::migrated;

/// Counting everything reads everything: it is asked for once per scrape of the metrics.
const COUNTS_ALL: &str = "GROUP BY status";
/// These have a row or a few, whatever happens.
const SMALL: [&str; 4] = ["installation", "replica", "slot_lock", "stranger"];

/// Every combination of what a list may be asked for, with and without a page before it.
fn lists() -> Vec<String> {
    let conditions = [
        "proc_name = 'proc-7'",
        "\"user\" = 'user-7'",
        "status = 'RUNNING'",
        "created_at >= timestamptz '2026-01-02'",
        "created_at < timestamptz '2026-01-03'",
        "(created_at, id) < (timestamptz '2026-01-02T12:00:00Z', 129600)",
    ];
    let mut lists = Vec::new();
    for mask in 0_u32..64 {
        let chosen = (0..6).filter(|bit| mask & (1 << bit) != 0);
        let conditions: Vec<_> = chosen.map(|bit| conditions[bit]).collect();
        let wanted = ["TRUE"].into_iter().chain(conditions);
        lists.push(format!(
            "SELECT * FROM proctor.execution WHERE {} ORDER BY created_at DESC, id DESC LIMIT 51",
            wanted.collect::<Vec<_>>().join(" AND ")
        ));
    }
    lists
}

async fn explain(connection: &mut PgConnection, sql: String) -> Value {
    sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {sql}")))
        .fetch_one(connection)
        .await
        .unwrap()
}

/// The plan for whatever values come, as it is kept with a prepared statement.
async fn explain_prepared(connection: &mut PgConnection, sql: &str) -> Value {
    let prepare = AssertSqlSafe(format!("PREPARE asked AS {sql}"));
    sqlx::raw_sql(prepare)
        .execute(&mut *connection)
        .await
        .unwrap();
    let parameters: i64 = sqlx::query_scalar(
        "SELECT cardinality(parameter_types)::bigint FROM pg_prepared_statements WHERE name = 'asked'",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    let nothing = vec!["NULL"; usize::try_from(parameters).unwrap()].join(", ");
    let arguments = if nothing.is_empty() {
        nothing
    } else {
        format!("({nothing})")
    };
    let plan = explain(connection, format!("EXECUTE asked {arguments}")).await;
    sqlx::raw_sql("DEALLOCATE asked")
        .execute(connection)
        .await
        .unwrap();
    plan
}

/// The tables that a plan reads from end to end.
fn read_whole(plan: &Value) -> Vec<String> {
    let mut tables = Vec::new();
    match plan {
        Value::Array(items) => tables.extend(items.iter().flat_map(read_whole)),
        Value::Object(fields) => {
            let table = fields.get("Relation Name").and_then(Value::as_str);
            if fields.get("Node Type") == Some(&"Seq Scan".into())
                && let Some(table) = table.filter(|table| !SMALL.contains(table))
            {
                tables.push(table.to_owned());
            }
            tables.extend(fields.values().flat_map(read_whole));
        }
        _ => {}
    }
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn among_many_executions_nothing_reads_a_table_from_end_to_end() {
    let (database, _) = migrated().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(include_str!("fill.sql"))
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan")
        .execute(&mut connection)
        .await
        .unwrap();

    let whole = explain(
        &mut connection,
        "SELECT * FROM proctor.execution".to_owned(),
    )
    .await;
    assert_eq!(
        read_whole(&whole),
        ["execution"],
        "nothing would be noticed"
    );
    for query in queries() {
        if query.sql.contains(COUNTS_ALL) {
            continue;
        }
        let plan = explain_prepared(&mut connection, &query.sql).await;
        assert_eq!(
            read_whole(&plan),
            Vec::<String>::new(),
            "{}\n{plan:#}",
            query.sql
        );
    }
    for sql in lists() {
        let plan = explain(&mut connection, sql.clone()).await;
        assert_eq!(read_whole(&plan), Vec::<String>::new(), "{sql}\n{plan:#}");
    }
}
