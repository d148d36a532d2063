//! What was fired, ran and was told of, held against what was wanted: moments worked out minute by minute, runs from a
//! file that they wrote, words from the servers that took them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{PgPool, Row};

use super::plan::Wish;
use super::stage::{Stage, Wanted};
use super::verdict::Verdict;

pub async fn check(stage: &Stage, wanted: &[Wanted]) -> Verdict {
    let pool = PgPool::connect(&stage.postgres.url()).await.unwrap();
    let mut verdict = Verdict {
        schedules: wanted.len(),
        ..Verdict::default()
    };
    for one in wanted {
        check_rows(&pool, one, &mut verdict).await;
    }
    let executions = check_executions(&pool, &mut verdict).await;
    check_runs(stage, &executions, &mut verdict);
    check_deliveries(stage, &pool, &executions, &mut verdict).await;
    verdict
}

/// The moments that a schedule has, if it was created then.
fn expected(wanted: &Wanted, created_at: Timestamp) -> Vec<Timestamp> {
    match wanted.wish {
        Wish::Once(_) => vec![wanted.at],
        Wish::EachMinute(_) => (created_at.as_second() + 1..=wanted.at.as_second())
            .filter(|second| second % 60 == 0)
            .map(|second| Timestamp::from_second(second).unwrap())
            .collect(),
    }
}

async fn check_rows(pool: &PgPool, wanted: &Wanted, verdict: &mut Verdict) {
    let sql = "SELECT created_at FROM proctor.schedule WHERE id = $1";
    let created_at: jiff_sqlx::Timestamp = sqlx::query_scalar(sql)
        .bind(wanted.id)
        .fetch_one(pool)
        .await
        .unwrap();
    let expected = expected(wanted, created_at.to_jiff());
    let sql =
        "SELECT moment, count, why, at FROM proctor.firing WHERE schedule_id = $1 ORDER BY moment";
    let rows = sqlx::query(sql).bind(wanted.id).fetch_all(pool).await;
    let rows: Vec<_> = rows
        .unwrap()
        .iter()
        .map(|row| {
            let [moment, at] =
                ["moment", "at"].map(|name| row.get::<jiff_sqlx::Timestamp, _>(name).to_jiff());
            verdict.latest = verdict.latest.max(at.duration_since(moment));
            (
                moment,
                row.get::<i64, _>("count"),
                row.get::<Option<String>, _>("why"),
            )
        })
        .collect();
    verdict.expected += expected.len();
    verdict.rows += rows.len();
    let fired: Vec<_> = expected.iter().map(|moment| (*moment, 1, None)).collect();
    verdict.demand(rows == fired, || {
        format!("schedule {}: {rows:?}, expected is {expected:?}", wanted.id)
    });
}

/// Each execution belongs to one row, and went well. Their ids.
async fn check_executions(pool: &PgPool, verdict: &mut Verdict) -> BTreeSet<String> {
    let sql = "SELECT id, status, (SELECT count(*) FROM proctor.firing
                                    WHERE execution_id = execution.id AND firing.schedule_id = execution.schedule_id) AS rows
                 FROM proctor.execution";
    let executions = sqlx::query(sql).fetch_all(pool).await.unwrap();
    for row in &executions {
        let (id, status) = (row.get::<i64, _>("id"), row.get::<String, _>("status"));
        let rows: i64 = row.get("rows");
        verdict.demand(rows == 1 && status == "SUCCEEDED", || {
            format!("execution {id} has {rows} rows and is {status}")
        });
    }
    verdict.executions = executions.len();
    let (rows, executions_count) = (verdict.rows, executions.len());
    verdict.demand(rows == executions_count, || {
        format!("{rows} rows have {executions_count} executions")
    });
    let ids = executions
        .iter()
        .map(|row| row.get::<i64, _>("id").to_string());
    ids.collect()
}

fn check_runs(stage: &Stage, executions: &BTreeSet<String>, verdict: &mut Verdict) {
    let runs = stage.ledger.counts();
    verdict.runs = runs.values().sum();
    let once: BTreeMap<_, _> = executions.iter().map(|id| (id.clone(), 1)).collect();
    let wrong: Vec<_> = runs
        .iter()
        .filter(|(id, count)| once.get(*id) != Some(count))
        .collect();
    verdict.demand(wrong.is_empty(), || format!("ran, but not once: {wrong:?}"));
    let missing: Vec<_> = once.keys().filter(|id| !runs.contains_key(*id)).collect();
    verdict.demand(missing.is_empty(), || format!("did not run: {missing:?}"));
}

/// Everything that was to go out has come, each under its id; each execution has a mail and the word of its end.
async fn check_deliveries(
    stage: &Stage,
    pool: &PgPool,
    executions: &BTreeSet<String>,
    verdict: &mut Verdict,
) {
    let sql = "SELECT id, execution_id, kind, event, state FROM proctor.delivery";
    let deliveries = sqlx::query(sql).fetch_all(pool).await.unwrap();
    let arrivals = stage.arrivals();
    let came: BTreeSet<_> = arrivals.iter().collect();
    verdict.deliveries = deliveries.len();
    verdict.arrivals = arrivals.len();
    let mut ends = BTreeSet::new();
    for row in &deliveries {
        let [id, kind, event, state] =
            ["id", "kind", "event", "state"].map(|name| row.get::<String, _>(name));
        let has_come = came.contains(&id);
        verdict.demand(state == "delivered" && has_come, || {
            format!("{kind} {id} is {state}; that it came is {has_come}")
        });
        if event == "finished" {
            ends.insert((row.get::<i64, _>("execution_id").to_string(), kind));
        }
    }
    let (count, different) = (deliveries.len(), came.len());
    verdict.demand(different == count, || {
        format!("{different} different ones came of {count} deliveries")
    });
    let both = |id: &String| ["mail", "notification"].map(|kind| (id.clone(), kind.to_owned()));
    let wanted: BTreeSet<_> = executions.iter().flat_map(both).collect();
    verdict.demand(ends == wanted, || {
        let missing: Vec<_> = wanted.difference(&ends).collect();
        format!("nobody is told of these ends: {missing:?}")
    });
}
