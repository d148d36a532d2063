//! The ledger against what is expected: the moments of each schedule, found by asking each minute, one after the other
//! in the rows; and the executions against the rows.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proctord::domain::schedule::{Definition, Timing};
use sqlx::{PgPool, Row};

use crate::reference::Reference;

/// The most mistakes that are told.
const TOLD: usize = 10;

/// What a run came to.
#[derive(Default)]
pub struct Verdict {
    pub seed: u64,
    pub took: Duration,
    pub cut_off: u64,
    pub stale: u64,
    pub woken_in_time: u64,
    pub overtaken: u64,
    schedules: usize,
    expected: u64,
    fired: u64,
    passed: BTreeMap<String, u64>,
    rows: u64,
    executions: i64,
    mistakes: Vec<String>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.mistakes.is_empty() && self.fired > 0 && self.expected > self.fired
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed: Vec<_> = self
            .passed
            .iter()
            .map(|(why, count)| format!("{count} {why}"))
            .collect();
        write!(
            f,
            "seed {}: {} schedules, {} moments expected: {} fired, {}; {} rows, {} executions; engines were cut off \
             {} times, stood still in a claim {} times and beyond it {} times, and fired stale work {} times; {:.1} s",
            self.seed,
            self.schedules,
            self.expected,
            self.fired,
            passed.join(", "),
            self.rows,
            self.executions,
            self.cut_off,
            self.woken_in_time,
            self.overtaken,
            self.stale,
            self.took.as_secs_f64(),
        )?;
        for mistake in self.mistakes.iter().take(TOLD) {
            write!(f, "\n  {mistake}")?;
        }
        if self.mistakes.len() > TOLD {
            write!(f, "\n  and {} more", self.mistakes.len() - TOLD)?;
        }
        Ok(())
    }
}

/// A row of the ledger.
struct Covering {
    from: Timestamp,
    to: Timestamp,
    count: usize,
    why: Option<String>,
}

pub async fn check(pool: &PgPool, begin: Timestamp, end: Timestamp) -> Verdict {
    let mut verdict = Verdict::default();
    let mut known: HashMap<(String, String), Vec<Timestamp>> = HashMap::new();
    let schedules = sqlx::query("SELECT id, definition, covered_until FROM proctor.schedule")
        .fetch_all(pool)
        .await
        .unwrap();
    for row in schedules {
        let id: i64 = row.get("id");
        let definition: Definition = serde_json::from_str(row.get("definition")).unwrap();
        let covered: jiff_sqlx::Timestamp = row.get("covered_until");
        let Timing::Cron { stored, .. } = &definition.timing else {
            panic!("all have an expression")
        };
        let key = (stored.clone(), definition.time_zone.clone());
        let horizon = end + jiff::SignedDuration::from_hours(30);
        let all = known
            .entry(key)
            .or_insert_with(|| expected(stored, &definition.time_zone, begin, horizon));
        let expected: Vec<_> = all
            .iter()
            .copied()
            .filter(|it| *it <= covered.to_jiff())
            .collect();
        if all.iter().any(|it| *it <= end && *it > covered.to_jiff()) {
            verdict.mistakes.push(format!(
                "schedule {id} is covered to {} only",
                covered.to_jiff()
            ));
        }
        verdict.schedules += 1;
        verdict.expected += expected.len() as u64;
        let rows = rows(pool, id).await;
        hold_against(&mut verdict, id, &rows, &expected);
    }
    check_executions(pool, &mut verdict).await;
    verdict
}

fn expected(stored: &str, zone: &str, begin: Timestamp, horizon: Timestamp) -> Vec<Timestamp> {
    let fields: Vec<_> = stored.split(' ').skip(1).map(ToOwned::to_owned).collect();
    let reference = Reference::of(&fields.try_into().unwrap());
    reference.moments(&TimeZone::get(zone).unwrap(), begin, horizon)
}

async fn rows(pool: &PgPool, id: i64) -> Vec<Covering> {
    let rows = sqlx::query("SELECT * FROM proctor.firing WHERE schedule_id = $1 ORDER BY moment")
        .bind(id)
        .fetch_all(pool)
        .await
        .unwrap();
    let covering = rows.iter().map(|row| {
        let from: jiff_sqlx::Timestamp = row.get("moment");
        let to: Option<jiff_sqlx::Timestamp> = row.get("until");
        Covering {
            from: from.to_jiff(),
            to: to.map_or(from.to_jiff(), jiff_sqlx::Timestamp::to_jiff),
            count: usize::try_from(row.get::<i64, _>("count")).unwrap(),
            why: row.get("why"),
        }
    });
    covering.collect()
}

/// Takes what each row covers from the front of what is expected.
fn hold_against(verdict: &mut Verdict, id: i64, rows: &[Covering], expected: &[Timestamp]) {
    let mut left = expected;
    for row in rows {
        verdict.rows += 1;
        let covered = &left[..row.count.min(left.len())];
        let fits = covered.len() == row.count
            && covered.first() == Some(&row.from)
            && covered.last() == Some(&row.to);
        if !fits {
            verdict.mistakes.push(format!(
                "schedule {id}: the row from {} to {} covers {} ({:?}), expected is {:?}",
                row.from,
                row.to,
                row.count,
                row.why,
                left.first()
            ));
            return;
        }
        left = &left[row.count..];
        match &row.why {
            None => verdict.fired += 1,
            Some(why) => *verdict.passed.entry(why.clone()).or_default() += row.count as u64,
        }
    }
    if !left.is_empty() {
        verdict
            .mistakes
            .push(format!("schedule {id}: {left:?} are in no row"));
    }
}

/// Each execution has one row, and each row that fired its execution.
async fn check_executions(pool: &PgPool, verdict: &mut Verdict) {
    let count = |sql: &'static str| async move {
        sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(pool)
            .await
            .unwrap()
    };
    verdict.executions = count("SELECT count(*) FROM proctor.execution").await;
    let without_row = count(
        "SELECT count(*) FROM proctor.execution
          WHERE (SELECT count(*) FROM proctor.firing
                  WHERE execution_id = execution.id AND firing.schedule_id = execution.schedule_id) <> 1",
    )
    .await;
    let without_execution = count(
        "SELECT count(*) FROM proctor.firing
          WHERE why IS NULL AND NOT EXISTS (SELECT FROM proctor.execution WHERE execution.id = execution_id)",
    )
    .await;
    if without_row + without_execution > 0 {
        verdict.mistakes.push(format!(
            "{without_row} executions have no row or several, {without_execution} rows have no execution"
        ));
    }
}
