//! What a seed says: when what is due.

use std::time::Duration;

use proctor_testkit::Random;

pub const REPLICAS: usize = 3;
/// Of so many one-off schedules each second has one, on average; half of them come together with others.
const ONCE_A_SECOND: u64 = 6;
/// How many come every minute, if one begins meanwhile.
const EACH_MINUTE: usize = 20;
/// Between those that come together.
const BETWEEN_CROWDS: u64 = 5_000;
/// For the creation of one schedule.
const TO_CREATE_ONE: Duration = Duration::from_millis(20);
const TO_CREATE_THE_FIRST: Duration = Duration::from_secs(4);

/// How long the storm goes on.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub seconds: u64,
}

impl Form {
    fn once(self) -> usize {
        usize::try_from(self.seconds * ONCE_A_SECOND).unwrap()
    }

    /// How long after the creation of the first schedule the first one may be due.
    pub fn ahead(self) -> Duration {
        let count = u32::try_from(self.once() + EACH_MINUTE).unwrap();
        TO_CREATE_THE_FIRST + TO_CREATE_ONE * count
    }

    pub fn lasting(self) -> Duration {
        self.ahead() + Duration::from_secs(self.seconds)
    }
}

/// When a schedule is due.
#[derive(Debug, Clone, Copy)]
pub enum Wish {
    /// So long after the beginning.
    Once(Duration),
    /// Until so long after the beginning.
    EachMinute(Duration),
}

pub fn wishes(seed: u64, form: Form) -> Vec<Wish> {
    let mut random = Random::of(seed, 0);
    let millis = form.seconds * 1_000;
    let once = (0..form.once()).map(|number| {
        let after = random.between(0, millis);
        let after = match number % 2 {
            0 => after,
            _ => after - after % BETWEEN_CROWDS,
        };
        Wish::Once(form.ahead() + Duration::from_millis(after))
    });
    let once: Vec<_> = once.collect();
    let each_minute = Wish::EachMinute(form.lasting());
    let each_minute = std::iter::repeat_n(each_minute, EACH_MINUTE);
    each_minute.chain(once).collect()
}
