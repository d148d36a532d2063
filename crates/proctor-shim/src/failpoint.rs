//! Named points at which a test makes this process crash or freeze. Compiled in always, off unless
//! `PROCTOR_FAIL_POINTS` names them: `shim.ready=crash,shim.ended=pause`.
//!
//! The variable is read once. While it is unset, a point costs one relaxed atomic load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// The environment variable that arms fail points.
pub const VARIABLE: &str = "PROCTOR_FAIL_POINTS";

const UNREAD: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNREAD);
static POINTS: OnceLock<Vec<(String, Action)>> = OnceLock::new();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Crash,
    Pause,
}

/// Crashes (SIGKILL) or freezes (SIGSTOP) this process if the point of that name is armed.
pub fn hit(name: &str) {
    if STATE.load(Ordering::Relaxed) == OFF {
        return;
    }
    let points = POINTS.get_or_init(read);
    STATE.store(if points.is_empty() { OFF } else { ON }, Ordering::Relaxed);
    for (_, action) in points.iter().filter(|(armed, _)| armed == name) {
        let signal = match action {
            Action::Crash => Signal::KILL,
            Action::Pause => Signal::STOP,
        };
        // A process may always signal itself; if it could not, the test that armed this would tell.
        let _ = kill_process(getpid(), signal);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "fail points must work before and without any configuration"
)]
fn read() -> Vec<(String, Action)> {
    std::env::var(VARIABLE).map_or_else(|_| Vec::new(), |text| parse(&text))
}

fn parse(text: &str) -> Vec<(String, Action)> {
    text.split(',')
        .filter_map(|point| {
            let (name, action) = point.trim().split_once('=')?;
            let action = match action {
                "crash" => Action::Crash,
                "pause" => Action::Pause,
                _ => return None,
            };
            Some((name.to_owned(), action))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_from_a_list() {
        assert_eq!(
            parse("shim.ready=crash, shim.ended=pause"),
            [
                ("shim.ready".to_owned(), Action::Crash),
                ("shim.ended".to_owned(), Action::Pause)
            ]
        );
    }

    #[test]
    fn what_is_not_a_point_is_left_out() {
        assert_eq!(parse(""), []);
        assert_eq!(parse("shim.ready,shim.go=explode"), []);
    }

    #[test]
    fn an_unarmed_point_does_nothing() {
        hit("test.unarmed");
    }
}
