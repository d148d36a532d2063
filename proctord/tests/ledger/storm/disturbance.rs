//! What goes wrong with each replica, one thing after the other, as its seed says.

use std::time::{Duration, Instant};

use proctor_testkit::Random;
use tokio::task::block_in_place;

use super::replica::Replica;

/// Where a replica that was started again crashes or stops itself.
const POINTS: [&str; 7] = [
    "deliver.claimed",
    "deliver.sent",
    "deliver.settled",
    "fire.begun",
    "fire.claimed",
    "fire.committed",
    "fire.written",
];
/// How soon a replica that has crashed is found and started again.
const PATROL: Duration = Duration::from_millis(300);

/// Returns it when the time is over and it runs again.
pub async fn disturb(mut replica: Replica, seed: u64, number: usize, until: Instant) -> Replica {
    let mut random = Random::of(seed, 1 + number as u64);
    loop {
        let quiet = Duration::from_millis(random.between(500, 3_500));
        if Instant::now() + quiet > until {
            break;
        }
        wait_with(&mut replica, quiet).await;
        // It may have stopped itself, for about as long as it was left in peace.
        block_in_place(|| replica.tend());
        if random.is_within(0.5) {
            kill(&mut replica, &mut random).await;
        } else {
            stop(&mut replica, &mut random).await;
        }
    }
    block_in_place(|| replica.calm());
    replica
}

/// Who crashes meanwhile is started again.
async fn wait_with(replica: &mut Replica, quiet: Duration) {
    let until = Instant::now() + quiet;
    while Instant::now() < until {
        tokio::time::sleep(PATROL).await;
        if replica.is_dead() {
            block_in_place(|| replica.tend());
        }
    }
}

async fn kill(replica: &mut Replica, random: &mut Random) {
    block_in_place(|| replica.kill());
    tokio::time::sleep(Duration::from_millis(random.between(0, 2_500))).await;
    let point = random.one_of(&POINTS);
    let action = random.one_of(&["crash", "pause"]);
    let armed = random.is_within(0.7).then(|| format!("{point}={action}"));
    block_in_place(|| replica.start_again(armed.as_deref()));
}

/// For a while that its lease may end in.
async fn stop(replica: &mut Replica, random: &mut Random) {
    if replica.is_dead() {
        return;
    }
    replica.stop();
    tokio::time::sleep(Duration::from_millis(random.between(500, 6_000))).await;
    replica.go_on();
}
