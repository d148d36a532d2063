//! One proctord of several, which is killed, stopped and struck.

use std::fs;

use proctor_testkit::{Proctord, ProctordBuilder};
use rustix::process::Signal;

/// How often something happened to a replica.
#[derive(Debug, Clone, Copy, Default)]
pub struct Suffered {
    pub kills: usize,
    pub stops: usize,
    /// At a named point.
    pub strikes: usize,
}

pub struct Replica {
    builder: ProctordBuilder,
    process: Option<Proctord>,
    is_armed: bool,
    pub suffered: Suffered,
}

impl Replica {
    /// One that runs.
    pub fn start(builder: ProctordBuilder) -> Self {
        Self {
            process: Some(builder.start()),
            builder,
            is_armed: false,
            suffered: Suffered::default(),
        }
    }

    /// Where it can be asked.
    pub fn proctord(&self) -> &Proctord {
        self.process.as_ref().unwrap()
    }

    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
            self.suffered.kills += 1;
        }
    }

    /// Starts it unless it runs, struck at a point or not.
    pub fn start_again(&mut self, armed: Option<&str>) {
        if self.process.is_some() {
            return;
        }
        let builder = match armed {
            Some(point) => self.builder.clone().env("PROCTOR_FAIL_POINTS", point),
            None => self.builder.clone(),
        };
        self.is_armed = armed.is_some();
        self.process = Some(builder.start());
    }

    /// Stops it where it stands.
    pub fn stop(&mut self) {
        self.proctord().signal(Signal::STOP);
        self.suffered.stops += 1;
    }

    pub fn go_on(&mut self) {
        self.proctord().signal(Signal::CONT);
    }

    /// Has it go on if it was struck: who is dead is started again, who sleeps is woken.
    pub fn tend(&mut self) {
        let Some(process) = &mut self.process else {
            return self.start_again(None);
        };
        if !process.is_alive() {
            self.suffered.strikes += 1;
            if let Some(dead) = self.process.take() {
                dead.kill();
            }
            self.start_again(None);
        } else if self.is_asleep() {
            self.suffered.strikes += 1;
            self.go_on();
        }
    }

    /// It runs, and nothing strikes it any more.
    pub fn calm(&mut self) {
        self.tend();
        if self.is_armed {
            self.kill();
            self.start_again(None);
        }
    }

    /// Whether it is dead.
    pub fn is_dead(&mut self) -> bool {
        self.process
            .as_mut()
            .is_none_or(|process| !process.is_alive())
    }

    fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.proctord().pid())).unwrap();
        // The state stands behind the name, which may have anything in it.
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        after_name.starts_with('T')
    }
}
