//! The checker itself: a history in which all is well holds, and each that is doctored does not.

use std::time::Duration;

use proctor_api::{LogEnd, Status};

use crate::check::{Flaw, check};
use crate::history::{Ending, History, Log, Runs, Stored, Told};
use crate::plan::{Proc, Wish};

const ID: u64 = 4711;

fn wish() -> Wish {
    Wish {
        number: 1,
        at: Duration::ZERO,
        proc: Proc::Plain,
        lines: 3,
        pause: Duration::ZERO,
        code: 7,
        replica: 0,
        stop: None,
        is_followed: true,
        is_repeated: true,
    }
}

fn log(text: &str) -> Log {
    Log {
        bytes: text.into(),
        end: Some(LogEnd {
            status: Status::Failed,
            exit_code: Some(7),
            signal: None,
            reason: None,
            bytes: u64::try_from(text.len()).unwrap(),
            log_complete: true,
        }),
        ..Log::default()
    }
}

/// One execution that failed with 7 after three lines, asked for twice and followed.
fn well() -> History {
    let log = log("line 1 of 4711\nline 2 of 4711\nline 3 of 4711\n");
    let mut history = History::default();
    history.told.push(Told {
        ids: vec![ID, ID],
        statuses: vec![Status::Created, Status::Failed],
        copy: Some(log.clone()),
        ..Told::nothing_yet(wish())
    });
    let stored = Stored {
        key: Some(wish().key()),
        status: Status::Failed,
        exit_code: Some(7),
        reason: None,
        steps: vec![
            Status::Received,
            Status::Created,
            Status::Running,
            Status::Failed,
        ],
        has_slot: false,
        is_log_open: false,
        log,
    };
    history.stored.insert(ID, stored);
    history.runs = Runs::parse("start 4711 1\nend 4711 7 3 0\n");
    history.containers.insert(ID, 1);
    history
}

/// What is found in a history that has been doctored.
fn found(doctor: impl FnOnce(&mut History)) -> Vec<Flaw> {
    let mut history = well();
    doctor(&mut history);
    check(1, &history).flaws().collect()
}

fn stored(history: &mut History) -> &mut Stored {
    history.stored.get_mut(&ID).unwrap()
}

#[test]
fn a_history_in_which_all_is_well_holds() {
    let verdict = check(1, &well());

    assert!(verdict.holds(), "{verdict}");
    let line = "chaos: seed 1: 1 accepted, 1 ended, 0 lost, 0 doubled, ";
    assert!(verdict.to_string().starts_with(line), "{verdict}");
}

#[test]
fn a_second_run_is_found() {
    let by_itself = found(|history| history.runs.started(ID));
    assert!(by_itself.contains(&Flaw::Doubled), "{by_itself:?}");

    let by_the_cluster = found(|history| {
        history.containers.insert(ID, 2);
    });
    assert_eq!(by_the_cluster, [Flaw::Doubled]);

    let of_a_stranger = found(|history| history.runs.started(ID + 1));
    assert_eq!(of_a_stranger, [Flaw::Doubled]);
}

#[test]
fn one_key_with_two_executions_is_found() {
    let answered = found(|history| history.told[0].ids.push(ID + 1));
    assert_eq!(answered, [Flaw::Doubled]);

    let kept = found(|history| {
        let other = stored(history).clone();
        history.stored.insert(ID + 1, other);
    });
    assert_eq!(kept, [Flaw::Doubled]);
}

#[test]
fn what_was_accepted_and_is_not_there_or_never_ran_is_found() {
    let gone = found(|history| {
        history.stored.remove(&ID);
    });
    assert!(gone.contains(&Flaw::Lost), "{gone:?}");

    let never_ran = found(|history| {
        history.runs = Runs::default();
        history.told[0].statuses.clear();
        stored(history).status = Status::Lost;
        stored(history).exit_code = None;
        stored(history).steps = vec![Status::Received, Status::Created, Status::Lost];
    });
    assert!(never_ran.contains(&Flaw::Lost), "{never_ran:?}");

    let never_answered = found(|history| history.told[0].ids.clear());
    assert!(never_answered.contains(&Flaw::Stuck), "{never_answered:?}");
}

#[test]
fn another_outcome_than_the_run_s_is_found() {
    let code = found(|history| history.runs = Runs::parse("start 4711 1\nend 4711 8 3 0\n"));
    assert_eq!(code, [Flaw::WrongOutcome]);

    let without_a_run = found(|history| history.runs = Runs::default());
    assert!(
        without_a_run.contains(&Flaw::WrongOutcome),
        "{without_a_run:?}"
    );

    let stop_that_is_forgotten = found(|history| {
        history.told[0].wish.stop = Some((Duration::ZERO, 1));
        history.told[0].stop = Some((Status::Running, true));
    });
    assert_eq!(stop_that_is_forgotten, [Flaw::WrongOutcome]);

    let never_tried_again = found(|history| history.told[0].wish.proc = Proc::Retried);
    assert_eq!(never_tried_again, [Flaw::WrongOutcome]);
}

#[test]
fn a_log_that_is_not_what_was_written_is_found() {
    for text in [
        "line 1 of 4711\nline 3 of 4711\n",
        "line 1 of 4711\nline 2 of 4711\nline 2 of 4711\nline 3 of 4711\n",
        "line 1 of 4711\nline 2 of 4711\n",
        "line 1 of 4711\nline 2 of 4711\nline 3 of 4711\nmore\n",
        "",
    ] {
        let flaws = found(|history| {
            stored(history).log = log(text);
            history.told[0].copy = Some(log(text));
        });
        assert_eq!(flaws, [Flaw::BrokenLog], "{text}");
    }
    let uneven = found(|history| history.uneven_logs.push(ID));
    assert_eq!(uneven, [Flaw::BrokenLog]);
}

#[test]
fn a_log_may_lack_what_it_says_is_missing_and_nothing_else() {
    let with_a_gap = |text: &str, gap: u64, is_complete: bool| {
        let mut log = log(text);
        log.missing(gap, "nobody knows why".into());
        log.end.as_mut().unwrap().log_complete = is_complete;
        found(|history| {
            stored(history).log = log.clone();
            history.told[0].copy = Some(log);
        })
    };

    assert_eq!(
        with_a_gap("line 1 of 4711\nline 3 of 4711\n", 15, false),
        []
    );
    let elsewhere = with_a_gap("line 1 of 4711\nline 3 of 4711\n", 0, false);
    assert_eq!(elsewhere, [Flaw::BrokenLog]);
    let doubled = with_a_gap("line 1 of 4711\nline 1 of 4711\n", 15, false);
    assert_eq!(doubled, [Flaw::BrokenLog]);
    let complete = with_a_gap("line 1 of 4711\nline 3 of 4711\n", 15, true);
    assert_eq!(complete, [Flaw::BrokenLog]);
}

#[test]
fn a_log_of_a_run_that_was_killed_is_a_beginning_of_what_it_would_write() {
    let flaws = found(|history| {
        history.runs = Runs::parse("start 4711 1\n");
        history.told[0].wish.stop = Some((Duration::ZERO, 1));
        history.told[0].statuses.clear();
        let mut cut = log("line 1 of 4711\nline");
        let end = cut.end.as_mut().unwrap();
        end.status = Status::Stopped;
        end.exit_code = None;
        history.told[0].copy = Some(cut.clone());
        let stored = stored(history);
        stored.status = Status::Stopped;
        stored.exit_code = None;
        stored.steps.pop();
        stored.steps.push(Status::Stopped);
        stored.log = cut;
    });

    assert_eq!(flaws, []);
}

#[test]
fn a_follower_that_has_something_else_is_found() {
    let less = found(|history| history.told[0].copy_mut().bytes.truncate(9));
    assert_eq!(less, [Flaw::BrokenCopy]);

    let leap = found(|history| history.told[0].copy_mut().leaps.push("5 at 9".into()));
    assert_eq!(leap, [Flaw::BrokenCopy]);

    let endless = found(|history| history.told[0].copy_mut().end = None);
    assert_eq!(endless, [Flaw::Stuck]);
}

#[test]
fn a_status_that_goes_backwards_is_found() {
    let seen = found(|history| {
        history.told[0].statuses = vec![Status::Running, Status::Created, Status::Failed];
    });
    assert_eq!(seen, [Flaw::Backwards]);

    let kept = found(|history| stored(history).steps.swap(1, 2));
    assert_eq!(kept, [Flaw::Backwards]);

    let other_end = found(|history| {
        history.told[0].statuses = vec![Status::Succeeded];
    });
    assert_eq!(other_end, [Flaw::Backwards]);
}

#[test]
fn what_does_not_come_to_rest_is_found() {
    let slot = found(|history| stored(history).has_slot = true);
    assert_eq!(slot, [Flaw::Stuck]);

    let log = found(|history| stored(history).is_log_open = true);
    assert_eq!(log, [Flaw::Stuck]);

    let live = found(|history| {
        history.told[0].statuses.clear();
        let stored = stored(history);
        stored.status = Status::Running;
        stored.steps.pop();
    });
    assert!(live.contains(&Flaw::Stuck), "{live:?}");

    let left = found(|history| history.left_over.push("jobs/proctor-1".into()));
    assert_eq!(left, [Flaw::LeftOver]);
}

#[test]
fn more_at_once_than_a_limit_allows_is_found() {
    let mut history = well();
    history.runs = Runs::default();
    history.told.clear();
    for id in [1, 2, 3] {
        let mut told = well().told.remove(0);
        told.wish.proc = Proc::Limited;
        told.ids = vec![id];
        history.told.push(told);
        let stored = history.stored[&ID].clone();
        history.stored.insert(id, stored);
        history.runs.started(id);
    }
    let ending = Ending {
        code: 7,
        lines: 3,
        was_told: false,
    };
    for id in [1, 2, 3] {
        history.runs.ended(id, ending);
    }

    let verdict = check(1, &history);

    let told = "3 of the limited proc ran at once, 2 may";
    assert!(verdict.to_string().contains(told), "{verdict}");
}
