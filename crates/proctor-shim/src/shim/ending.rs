//! Why and how a running command is being ended: pure decisions, no signals and no clock of its own.

use std::time::{Duration, Instant};

use proctor_shim::Cause;

/// What to do to the command now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing new.
    None,
    /// Ask it: TERM, and CONT so that a stopped one hears it.
    Terminate,
    /// End it: KILL.
    Kill,
}

/// The first reason to end the command, and when patience is over.
#[derive(Debug, Default)]
pub struct Ending {
    cause: Option<Cause>,
    kill_at: Option<Instant>,
    killed: bool,
}

impl Ending {
    /// Why the command is being ended, if it is.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// When [`Ending::due`] has something to say.
    pub fn next(&self) -> Option<Instant> {
        self.kill_at.filter(|_| !self.killed)
    }

    /// Asks for the end. The first cause stands; a later request can only shorten the grace.
    pub fn request(&mut self, cause: Cause, grace: Duration, now: Instant) -> Step {
        let is_first = self.cause.is_none();
        self.cause.get_or_insert(cause);
        // A grace beyond the clock's end is no limit.
        let kill_at = now.checked_add(grace);
        self.kill_at = self.kill_at.into_iter().chain(kill_at).min();
        match self.due(now) {
            Step::None if is_first => Step::Terminate,
            step => step,
        }
    }

    /// What time alone asks for.
    pub fn due(&mut self, now: Instant) -> Step {
        if self.killed || self.kill_at.is_none_or(|at| now < at) {
            return Step::None;
        }
        self.killed = true;
        Step::Kill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn term_comes_first_and_kill_after_the_grace() {
        let now = Instant::now();
        let mut ending = Ending::default();

        assert_eq!(ending.request(Cause::Stopped, SECOND, now), Step::Terminate);
        assert_eq!(ending.due(now), Step::None);
        assert_eq!(ending.due(now + SECOND), Step::Kill);
        assert_eq!(ending.due(now + SECOND * 2), Step::None);
    }

    #[test]
    fn no_grace_is_kill_at_once() {
        let mut ending = Ending::default();

        assert_eq!(
            ending.request(Cause::Stopped, Duration::ZERO, Instant::now()),
            Step::Kill
        );
    }

    #[test]
    fn a_later_request_only_shortens() {
        let now = Instant::now();
        let mut ending = Ending::default();
        ending.request(Cause::Deadline, SECOND * 5, now);

        assert_eq!(ending.request(Cause::Stopped, SECOND * 60, now), Step::None);
        assert_eq!(ending.next(), Some(now + SECOND * 5));
        assert_eq!(ending.request(Cause::Stopped, SECOND, now), Step::None);
        assert_eq!(ending.next(), Some(now + SECOND));
        assert_eq!(
            ending.request(Cause::Stopped, Duration::ZERO, now),
            Step::Kill
        );
        assert_eq!(ending.cause(), Some(Cause::Deadline));
    }

    #[test]
    fn a_grace_without_end_never_kills() {
        let now = Instant::now();
        let mut ending = Ending::default();

        assert_eq!(
            ending.request(Cause::Stopped, Duration::MAX, now),
            Step::Terminate
        );
        assert_eq!(ending.next(), None);
    }
}
