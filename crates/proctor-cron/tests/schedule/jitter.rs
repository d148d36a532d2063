use std::time::Duration;

use jiff::Timestamp;
use proctor_cron::jitter;

/// Worked out with another language's SHA-256: the first eight bytes of the hash of id and seconds, times the number
/// of choices, over 2^64.
#[test]
fn the_jitter_of_a_moment_never_changes() {
    for (id, second, max, wanted) in [
        (1, 0, 60, 28),
        (1, 1_774_742_400, 60, 11),
        (2, 1_774_742_400, 60, 0),
        (u64::MAX, 1_774_742_400, 3600, 2774),
        (42, 1_792_892_400, u32::MAX, 4_208_188_900),
        (7, -1, 10, 5),
        (7, 1_774_742_400, 0, 0),
    ] {
        let moment = Timestamp::from_second(second).unwrap();

        assert_eq!(
            jitter(id, moment, max),
            Duration::from_secs(wanted),
            "{id} {second}"
        );
    }
}

#[test]
fn jitter_takes_every_second_up_to_its_maximum() {
    let taken: std::collections::BTreeSet<u64> = (0..1000)
        .map(|id| jitter(id, Timestamp::UNIX_EPOCH, 9).as_secs())
        .collect();

    assert_eq!(taken, (0..=9).collect());
}
