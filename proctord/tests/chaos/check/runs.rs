//! What really ran: once, or as often as it may be tried again, and with the outcome that is stored.

use proctor_api::Status;

use super::{Flaw, Verdict};
use crate::history::{History, Run, Stored, Told};
use crate::plan::{MOST_AT_ONCE, Proc};

/// As a kubelet gives a container that was ended by KILL or TERM.
const KILLED_BY_A_SIGNAL: [i32; 2] = [137, 143];

pub fn check(history: &History, verdict: &mut Verdict) {
    let mut unknown_codes = 0;
    for (told, id, stored) in history.accepted() {
        let run = history.runs.of(id);
        check_starts(id, told, &run, history, verdict);
        check_outcome(id, told, stored, &run, verdict);
        if !run.ends.is_empty() && stored.exit_code.is_none() {
            unknown_codes += 1;
            let (status, reason) = (stored.status, &stored.reason);
            verdict.told(format!(
                "{id}, {status}: its exit code is not known: {reason:?}"
            ));
        }
    }
    verdict
        .asides
        .push(("stopped without their exit codes", unknown_codes));
    for id in history
        .runs
        .ids()
        .filter(|id| !history.stored.contains_key(id))
    {
        verdict.found(Flaw::Doubled, format!("{id} ran and is not stored"));
    }
    check_limit(history, verdict);
}

fn check_starts(id: u64, told: &Told, run: &Run, history: &History, verdict: &mut Verdict) {
    let most = told.wish.proc.most_starts();
    let containers = history.containers.get(&id).copied().unwrap_or_default();
    if run.starts > most || containers > most {
        let starts = run.starts;
        let text = format!("{id} ran {starts} times in {containers} containers, {most} are right");
        verdict.found(Flaw::Doubled, text);
    }
}

fn check_outcome(id: u64, told: &Told, stored: &Stored, run: &Run, verdict: &mut Verdict) {
    let mut wrong = |flaw, text: &str| {
        let (status, code, reason) = (stored.status, stored.exit_code, &stored.reason);
        let ran = format!("it is {status} {code:?} {reason:?} and ran as {run:?}");
        verdict.found(flaw, format!("{id}: {text}: {ran}"));
    };
    let is_told_to_stop = told
        .stop
        .is_some_and(|(status, taken)| taken && !status.is_terminal());
    match (stored.status, stored.exit_code) {
        (Status::Stopped, _) if told.wish.stop.is_none() => {
            wrong(Flaw::WrongOutcome, "nobody stopped it");
        }
        (Status::Stopped, Some(code)) if !may_have_stopped_with(code, run) => {
            wrong(Flaw::WrongOutcome, "it was stopped with another exit code");
        }
        (Status::Stopped, _) => {}
        (status, _) if !status.is_terminal() => wrong(Flaw::Stuck, "it does not end"),
        (_, _) if is_told_to_stop => wrong(Flaw::WrongOutcome, "its stop was answered"),
        (status @ (Status::Succeeded | Status::Failed), Some(code)) => {
            let ended_so = run.ends.last().is_some_and(|end| end.code == code);
            if !ended_so || (status == Status::Succeeded) != (code == 0) {
                wrong(Flaw::WrongOutcome, "it ended otherwise");
            }
            if status == Status::Failed && run.starts < told.wish.proc.most_starts() {
                wrong(Flaw::WrongOutcome, "it was not tried as often as it should");
            }
        }
        _ => wrong(Flaw::Lost, "nothing came of it"),
    }
}

fn may_have_stopped_with(code: i32, run: &Run) -> bool {
    let has_no_end = run.starts > run.ends.len() || run.starts == 0;
    run.ends.last().is_some_and(|end| end.code == code)
        || (has_no_end && KILLED_BY_A_SIGNAL.contains(&code))
}

fn check_limit(history: &History, verdict: &mut Verdict) {
    let limited = |id| {
        let mut accepted = history.accepted();
        accepted.any(|(told, other, _)| other == id && told.wish.proc == Proc::Limited)
    };
    let most = history.runs.most_at_once(limited);
    if most > MOST_AT_ONCE {
        let text = format!("{most} of the limited proc ran at once, {MOST_AT_ONCE} may");
        verdict.found(Flaw::Doubled, text);
    }
}
