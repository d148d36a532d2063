use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Feed, Feeds, Hold, Question, Written, must_be_asked_for};
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;

const SECOND: Duration = Duration::from_secs(1);

fn id() -> ExecutionId {
    7.try_into().unwrap()
}

/// A lease that holds until a moment.
fn lease(until: Option<Instant>) -> Hold {
    Hold::Lease(watch::Sender::new(until).subscribe())
}

fn written(hold: Hold, seen: bool) -> Written {
    Written {
        fence: Fence(1),
        hold,
        seen,
    }
}

/// The ids and fences of what must be asked for now.
fn asked(feeds: &Feeds) -> Vec<Question> {
    feeds.questions(Instant::now())
}

#[tokio::test]
async fn a_log_is_left_out_only_when_everybody_who_could_write_it_would_tell() {
    let now = Instant::now();
    let open = Feed::default();
    let mut closed = Feed::default();
    closed.close();
    let cases = [
        ("nobody writes it here", &open, None, true),
        ("it is closed", &closed, None, false),
        ("it is ours by host", &open, Some((Hold::Host, true)), false),
        (
            "others wrote before",
            &open,
            Some((Hold::Host, false)),
            true,
        ),
        (
            "the lease holds",
            &open,
            Some((lease(Some(now + SECOND)), true)),
            false,
        ),
        (
            "the lease has run out",
            &open,
            Some((lease(Some(now)), true)),
            true,
        ),
        ("there is no lease", &open, Some((lease(None), true)), true),
    ];
    for (case, feed, by, expected) in cases {
        let written = by.map(|(hold, seen)| written(hold, seen));
        assert_eq!(
            must_be_asked_for(feed, written.as_ref(), now),
            expected,
            "{case}"
        );
    }
}

#[tokio::test]
async fn only_logs_that_are_followed_and_written_elsewhere_are_asked_for() {
    let feeds = Arc::new(Feeds::default());
    assert_eq!(asked(&feeds), []);
    let writing = feeds.write_here(id(), Fence(1), Hold::Host);
    let follower = feeds.subscribe(id());
    assert_eq!(asked(&feeds), []);

    drop(writing);
    let given_away = asked(&feeds);
    drop(follower);

    assert_eq!(given_away.len(), 1);
    assert_eq!(asked(&feeds), []);
}

/// What the owner before has written last is still to be told, even if nothing is ever written here.
#[tokio::test]
async fn after_an_adoption_the_store_is_asked_once_more() {
    let feeds = Arc::new(Feeds::default());
    let _follower = feeds.subscribe(id());
    let before = asked(&feeds);
    let _writing = feeds.write_here(id(), Fence(2), Hold::Host);

    feeds.answered(before[0]);
    let after = asked(&feeds);
    assert_eq!(after.len(), 1, "the question was older than the adoption");
    feeds.answered(after[0]);

    assert_eq!(asked(&feeds), []);
}

#[tokio::test]
async fn a_write_that_is_refused_gives_its_log_to_the_lookout() {
    let feeds = Arc::new(Feeds::default());
    let stale = feeds.write_here(id(), Fence(1), Hold::Host);
    let _follower = feeds.subscribe(id());

    feeds.not_written_here(id(), Fence(1));
    assert_eq!(asked(&feeds).len(), 1);

    let _adopted = feeds.write_here(id(), Fence(3), Hold::Host);
    feeds.answered(asked(&feeds)[0]);
    feeds.not_written_here(id(), Fence(1));
    drop(stale);
    assert_eq!(asked(&feeds), [], "the old one ends without the new one");
}

#[tokio::test]
async fn a_lease_that_runs_out_gives_its_logs_to_the_lookout_until_it_holds_again() {
    let feeds = Arc::new(Feeds::default());
    let until = watch::Sender::new(Some(Instant::now() + SECOND));
    let _writing = feeds.write_here(id(), Fence(1), Hold::Lease(until.subscribe()));
    let _follower = feeds.subscribe(id());
    let now = Instant::now();

    assert_eq!(feeds.questions(now).len(), 0);
    assert_eq!(feeds.questions(now + SECOND).len(), 1);
    until.send_replace(Some(now + 3 * SECOND));
    assert_eq!(feeds.questions(now + SECOND).len(), 0);
}

#[tokio::test]
async fn who_begins_to_follow_wakes_the_lookout() {
    let feeds = Arc::new(Feeds::default());
    assert_eq!(feeds.followed().now_or_never(), None);

    let _follower = feeds.subscribe(id());

    assert_eq!(feeds.followed().now_or_never(), Some(()));
}
