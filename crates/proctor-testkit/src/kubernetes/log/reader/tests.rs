use std::time::Duration;

use futures::StreamExt;

use super::*;
use crate::kubernetes::clock::Time;
use crate::kubernetes::log::Rotation;

fn log(text: &str) -> Arc<PodLog> {
    let log = PodLog::new(Time::Real, None);
    log.append(text.as_bytes());
    log.flush();
    log.finish();
    Arc::new(log)
}

async fn read(log: &Arc<PodLog>, options: Options) -> String {
    let pieces = Arc::clone(log).read(options).collect::<Vec<_>>().await;
    let Ok(pieces) = pieces.into_iter().collect::<Result<Vec<_>, _>>();
    String::from_utf8(pieces.concat()).expect("it is text")
}

#[tokio::test]
async fn a_long_line_is_several_entries_and_has_one_time() {
    let long = "x".repeat(40_000);
    let log = log(&format!("{long}\nshort\nend"));
    let timestamps = Options {
        timestamps: true,
        ..Options::default()
    };

    let told = read(&log, timestamps.clone()).await;
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3);
    let time = "2026-01-01T00:00:00.000000000Z ".len();
    assert_eq!(lines[0][time..], long);
    assert_eq!((&lines[1][time..], &lines[2][time..]), ("short", "end"));
    assert!(told.ends_with("end"));

    // The third entry from the end is the last part of the long line, and is given a time for all that.
    let tail = Options {
        tail_lines: Some(3),
        ..timestamps
    };
    let told = read(&log, tail).await;
    let rest = 40_000 % (16 << 10);
    assert_eq!(told.lines().next().map(str::len), Some(time + rest));
}

#[tokio::test]
async fn a_line_that_just_fits_is_one_entry() {
    let log = log(&format!("{}\nnext\n", "x".repeat(16 << 10)));
    let tail = Options {
        tail_lines: Some(2),
        ..Options::default()
    };
    assert_eq!(read(&log, tail).await.len(), (16 << 10) + 1 + 5);
}

#[tokio::test]
async fn limits_cut_within_a_line_and_a_time_that_is_given_is_exact() {
    let log = log("one\ntwo\n");
    let limited = Options {
        limit_bytes: Some(5),
        follow: true,
        ..Options::default()
    };
    assert_eq!(read(&log, limited).await, "one\nt");

    let at = log.content().file.entries()[1].at;
    let since = Options {
        since: Some(at),
        ..Options::default()
    };
    assert!(read(&log, since).await.ends_with("two\n"));
    let later = Options {
        since: Some(at + jiff::SignedDuration::from_nanos(1)),
        ..Options::default()
    };
    assert_eq!(read(&log, later).await, "");
}

#[tokio::test]
async fn who_has_read_everything_follows_a_rotation_and_a_plain_reader_gets_the_newest_file() {
    let log = Arc::new(PodLog::new(Time::Real, None));
    log.append(b"one\n");
    let follow = Options {
        follow: true,
        ..Options::default()
    };
    let mut follower = Box::pin(Arc::clone(&log).read(follow));
    assert_eq!(follower.next().await, Some(Ok(Bytes::from("one\n"))));

    log.rotate();
    log.append(b"two\n");
    assert_eq!(follower.next().await, Some(Ok(Bytes::from("two\n"))));
    log.rotate();
    // A file that is empty is not rotated.
    log.rotate();
    log.append(b"three\n");
    assert_eq!(read(&log, Options::default()).await, "three\n");
    log.finish();
    assert_eq!(follower.next().await, Some(Ok(Bytes::from("three\n"))));
    assert_eq!(follower.next().await, None);
}

#[tokio::test]
async fn who_misses_a_file_gets_the_rest_of_the_old_one_and_no_end() {
    let log = Arc::new(PodLog::new(
        Time::Real,
        Some(Rotation {
            largest_bytes: 3,
            every: Duration::ZERO,
        }),
    ));
    let follow = Options {
        follow: true,
        ..Options::default()
    };
    let mut slow = Box::pin(Arc::clone(&log).read(follow));
    log.append(b"one\ntwo\nthree\n");
    log.finish();

    assert_eq!(slow.next().await, Some(Ok(Bytes::from("one\n"))));
    let quiet = Duration::from_millis(50);
    let more = tokio::time::timeout(quiet, slow.next()).await;
    assert!(more.is_err(), "{more:?}");
}
