//! One run: schedules are created, engines fire them while a hand turns the clock, and the ledger is held against
//! moments that were worked out apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use proctor_testkit::postgres::Server;
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{AuditEntry, AuditResult, Schedules, Store};
use rand::RngExt;
use sqlx::PgPool;

use crate::check::{self, Verdict};
use crate::engine::{Engine, Signs};
use crate::nap::PATIENCE;
use crate::plan::{self, BEGIN, END, Form, Turn, moment};

/// Long enough after the end for every jitter and every clock that was put back.
const AFTER: SignedDuration = SignedDuration::from_hours(3);

pub async fn run(seed: u64, form: Form) -> Verdict {
    doctored(seed, form, None).await
}

/// As `run`, with something done to the ledger before it is looked at.
pub async fn doctored(seed: u64, form: Form, statement: Option<&'static str>) -> Verdict {
    let database = Server::shared().database();
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    settings.max_connections = 4.try_into().unwrap();
    migrations::apply(&settings).await.unwrap();
    let hand = Arc::new(AtomicI64::new(moment(BEGIN).as_microsecond()));
    let store = |settings: &PostgresSettings| {
        let hand = Arc::clone(&hand);
        let now = move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap();
        PostgresStore::new(settings).with_schedule_clock(now)
    };
    let stores: Vec<_> = (0..form.engines).map(|_| store(&settings)).collect();
    let mut impatient = settings.clone();
    impatient.patience = PATIENCE;
    let impatient: Vec<_> = (0..form.engines).map(|_| store(&impatient)).collect();
    let began = Instant::now();
    for new in plan::schedules(seed, form.schedules) {
        stores[0]
            .create_schedule(new, None, entry("schedule.create"))
            .await
            .unwrap();
    }
    let signs = Signs::default();
    let both = stores.iter().zip(&impatient).enumerate();
    let engines = both.map(|(number, (store, impatient))| {
        let engine = Engine {
            number,
            store: store as &dyn Store,
            impatient: impatient as &dyn Store,
            signs: &signs,
            rng: plan::rng(seed, 100 + number as u64),
            kept: Vec::new(),
        };
        engine.run()
    });
    let ((), _) = tokio::join!(turn(seed, &hand, &stores[0], &signs), join_all(engines));
    let pool = PgPool::connect(&database.url()).await.unwrap();
    if let Some(statement) = statement {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let mut verdict = check::check(&pool, moment(BEGIN), moment(END)).await;
    verdict.seed = seed;
    verdict.took = began.elapsed();
    verdict.cut_off = signs.cut_off.load(Ordering::SeqCst);
    verdict.stale = signs.stale.load(Ordering::SeqCst);
    verdict.woken_in_time = signs.woken_in_time.load(Ordering::SeqCst);
    verdict.overtaken = signs.overtaken.load(Ordering::SeqCst);
    verdict
}

/// Turns the clock to the end, and pauses and resumes schedules on the way.
async fn turn(seed: u64, hand: &AtomicI64, store: &PostgresStore, signs: &Signs) {
    let mut rng = plan::rng(seed, 2);
    let all = store.schedules(None).await.unwrap();
    let end = moment(END) + AFTER;
    loop {
        let now = Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap();
        if now >= end {
            break;
        }
        let (seconds, is_down) = match plan::turn(&mut rng) {
            Turn::On(seconds) => (seconds, false),
            Turn::Downtime(seconds) => (seconds, true),
            Turn::Back(seconds) => (-seconds, false),
        };
        signs.is_down.store(is_down, Ordering::SeqCst);
        hand.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        signs.is_down.store(false, Ordering::SeqCst);
        if rng.random_bool(0.05) {
            let id = all[rng.random_range(0..all.len())].id;
            store
                .pause_schedule(id, entry("schedule.pause"))
                .await
                .unwrap();
        }
        if rng.random_bool(0.05) {
            for schedule in store.schedules(None).await.unwrap() {
                if schedule.paused && rng.random_bool(0.5) {
                    store
                        .resume_schedule(schedule.id, entry("schedule.resume"))
                        .await
                        .unwrap();
                }
            }
        }
        tokio::task::yield_now().await;
        // Most of the time the engines are done before the clock goes on.
        while rng.random_bool(0.9) && is_due(store).await {
            tokio::task::yield_now().await;
        }
    }
    for schedule in all {
        store
            .resume_schedule(schedule.id, entry("schedule.resume"))
            .await
            .unwrap();
    }
    signs.is_over.store(true, Ordering::SeqCst);
}

async fn is_due(store: &PostgresStore) -> bool {
    let due = store
        .due_schedules(std::num::NonZeroU32::MIN)
        .await
        .unwrap();
    !due.schedules.is_empty()
}

fn entry(action: &'static str) -> AuditEntry {
    AuditEntry {
        who: "ann@example.com".into(),
        action,
        target: "a schedule".into(),
        source: "192.0.2.1".into(),
        result: AuditResult::Done,
        request_id: "request-1".into(),
    }
}
