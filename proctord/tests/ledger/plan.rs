//! What a seed says: which schedules there are, and what happens to engines and clock.

use jiff::Timestamp;
use proctor_api::{NotifyOn, Overlap};
use proctord::domain::schedule::{Definition, MisfireRule, Timing};
use proctord::store::NewSchedule;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub schedules: usize,
    pub engines: usize,
}

/// A week and a little: the clocks of Europe go forward at its beginning, those of the south back at its end.
pub const BEGIN: &str = "2026-03-28T20:00:00Z";
pub const END: &str = "2026-04-05T06:00:00Z";

const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "Europe/London",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "America/Santiago",
];

const CRONS: [&str; 14] = [
    "30 2 * * *",
    "0,30 2 * * *",
    "0 2,3 * * *",
    "15 1 * * *",
    "0 0 * * *",
    "59 23 * * *",
    "*/30 2 * * *",
    "0 */6 * * *",
    "45 */4 * * *",
    "30 9 * * 1-5",
    "0 12 */2 * 1",
    "0 3 29 3 *",
    "5/20 3 * * *",
    "10 4 1,5 * 0",
];

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn rng(seed: u64, stream: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream)
}

/// The schedules; a few of them come often.
pub fn schedules(seed: u64, count: usize) -> Vec<NewSchedule> {
    let mut rng = rng(seed, 1);
    (0..count)
        .map(|number| schedule(&mut rng, number))
        .collect()
}

fn schedule(rng: &mut StdRng, number: usize) -> NewSchedule {
    let cron = match rng.random_range(0..100) {
        0 => "*/5 * * * *",
        1..=3 => "7 * * * *",
        _ => CRONS.choose(rng).unwrap(),
    };
    let misfire = match rng.random_range(0..3) {
        0 => MisfireRule::Skip,
        1 => MisfireRule::Once,
        _ => MisfireRule::All(rng.random_range(1..=100)),
    };
    let overlap = [
        Overlap::Allow,
        Overlap::Allow,
        Overlap::Forbid,
        Overlap::Replace,
    ];
    NewSchedule {
        definition: Definition {
            proc_name: format!("proc-{number}").parse().unwrap(),
            args: [].into(),
            tags: "t".into(),
            group: "g".into(),
            emails: vec!["ann@example.com".into()],
            timing: Timing::Cron {
                stored: format!("0 {cron}"),
                not_before: None,
                not_after: None,
            },
            time_zone: (*ZONES.choose(rng).unwrap()).to_owned(),
            overlap: *overlap.choose(rng).unwrap(),
            misfire,
            misfire_after: rng.random_range(30..600),
            jitter_seconds: if rng.random_bool(0.3) {
                rng.random_range(1..900)
            } else {
                0
            },
            notify_on: NotifyOn::Always,
        },
        owner: "ann@example.com".into(),
        paused: false,
    }
}

/// What happens next to the clock.
#[derive(Debug, Clone, Copy)]
pub enum Turn {
    /// It goes on for so many seconds.
    On(i64),
    /// Nobody is there while it goes on for so many seconds.
    Downtime(i64),
    /// It is put back by so many seconds.
    Back(i64),
}

pub fn turn(rng: &mut impl Rng) -> Turn {
    match rng.random_range(0..200) {
        0 => Turn::Downtime(rng.random_range(3_600..20_000)),
        1..=3 => Turn::Back(rng.random_range(1..3_600)),
        4..=8 => Turn::Downtime(rng.random_range(60..1_200)),
        _ => Turn::On(rng.random_range(20..240)),
    }
}
