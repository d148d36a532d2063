use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::{Tick, Ticker};

const PATIENCE: Duration = Duration::from_secs(20);

fn tick(pattern: &'static str) -> (Tick, Arc<Notify>) {
    let poke = Arc::new(Notify::new());
    let tick = Tick {
        pattern,
        poke: Arc::clone(&poke),
    };
    (tick, poke)
}

#[tokio::test]
async fn each_loop_is_poked_by_its_own_pattern_again_and_again() {
    let (often, seconds) = tick("* * * * * *");
    // Midnight of a leap day.
    let (never, nobody) = tick("0 0 0 29 2 *");
    let ticker = Ticker::start(vec![never, often]).unwrap();

    for _ in 0..3 {
        timeout(PATIENCE, seconds.notified()).await.unwrap();
    }

    let poked = timeout(Duration::ZERO, nobody.notified()).await;
    assert!(poked.is_err(), "poked though it is not the day");
    drop(ticker);
}

#[tokio::test]
async fn nothing_of_it_is_left_when_it_is_dropped() {
    let (tick, poke) = tick("* * * * * *");
    let ticker = Ticker::start(vec![tick]).unwrap();
    timeout(PATIENCE, poke.notified()).await.unwrap();
    assert!(Arc::strong_count(&poke) > 1, "its job holds it");

    drop(ticker);

    let deadline = Instant::now() + PATIENCE;
    while Arc::strong_count(&poke) > 1 {
        let held = Arc::strong_count(&poke) - 1;
        assert!(Instant::now() < deadline, "{held} still hold it");
        tokio::task::yield_now().await;
    }
}
