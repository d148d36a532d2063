//! Named points at which a test makes this process crash or freeze. Compiled in always, off unless
//! `PROCTOR_FAIL_POINTS` names them: `shim.ready=crash,shim.ended=pause`.
//!
//! The variable is read once. While it is unset, a point costs one relaxed atomic load. A point strikes once: who was
//! frozen and is continued passes it from then on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// The environment variable that arms fail points.
pub const VARIABLE: &str = "PROCTOR_FAIL_POINTS";

const UNREAD: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNREAD);
static POINTS: OnceLock<Vec<Point>> = OnceLock::new();

/// A point that is armed.
#[derive(Debug)]
struct Point {
    name: String,
    action: Action,
    has_struck: AtomicBool,
}

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
    for point in points.iter().filter(|point| point.name == name) {
        if point.has_struck.swap(true, Ordering::Relaxed) {
            continue;
        }
        match point.action {
            // A process may always signal itself; if it could not, the test that armed this would tell.
            Action::Crash => {
                let _ = kill_process(getpid(), Signal::KILL);
            }
            Action::Pause => freeze(),
        }
    }
}

/// Stops the whole process, this thread first: a signal to the process may be taken by another thread, and this one
/// would go on past the point meanwhile.
#[expect(unsafe_code, reason = "a signal to a thread has no safe wrapper")]
fn freeze() {
    // SAFETY: `raise` takes a number and touches no memory of ours.
    let _ = unsafe { libc::raise(libc::SIGSTOP) };
}

#[expect(
    clippy::disallowed_methods,
    reason = "fail points must work before and without any configuration"
)]
fn read() -> Vec<Point> {
    std::env::var(VARIABLE).map_or_else(|_| Vec::new(), |text| parse(&text))
}

fn parse(text: &str) -> Vec<Point> {
    text.split(',')
        .filter_map(|point| {
            let (name, action) = point.trim().split_once('=')?;
            let action = match action {
                "crash" => Action::Crash,
                "pause" => Action::Pause,
                _ => return None,
            };
            Some(Point {
                name: name.to_owned(),
                action,
                has_struck: AtomicBool::new(false),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_from_a_list() {
        let points = parse("shim.ready=crash, shim.ended=pause");
        let named: Vec<_> = points
            .iter()
            .map(|point| (point.name.as_str(), point.action))
            .collect();
        assert_eq!(
            named,
            [("shim.ready", Action::Crash), ("shim.ended", Action::Pause)]
        );
    }

    #[test]
    fn what_is_not_a_point_is_left_out() {
        assert!(parse("").is_empty());
        assert!(parse("shim.ready,shim.go=explode").is_empty());
    }

    #[test]
    fn an_unarmed_point_does_nothing() {
        hit("test.unarmed");
    }
}
