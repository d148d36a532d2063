//! A process named so that a later one with the same number is not mistaken for it: number, moment of the
//! start, and boot of the machine.

use std::io;

use serde::{Deserialize, Serialize};

use crate::procfs::{self, Stat};

/// One process for good: pids are used again, this is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Process id.
    pub pid: i32,
    /// Moment of the start, in clock ticks after boot.
    pub start_time: u64,
    /// The boot in which the two above mean something.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// Identifies a process that runs now; `None` if there is none of that number.
    pub fn of(pid: i32) -> io::Result<Option<Self>> {
        let Some(stat) = Stat::of(pid)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            pid,
            start_time: stat.start_time,
            boot_id: procfs::boot_id()?,
        }))
    }

    /// Whether it belongs to the boot that runs now.
    pub fn is_of_this_boot(&self) -> io::Result<bool> {
        Ok(procfs::boot_id()? == self.boot_id)
    }

    /// Whether exactly this process exists now and has not ended.
    pub fn is_alive(&self) -> io::Result<bool> {
        if !self.is_of_this_boot()? {
            return Ok(false);
        }
        let stat = Stat::of(self.pid)?;
        Ok(stat.is_some_and(|stat| stat.start_time == self.start_time && !stat.is_zombie()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_process() -> ProcessIdentity {
        let pid = i32::try_from(std::process::id()).expect("a pid is an i32");
        ProcessIdentity::of(pid)
            .expect("/proc is mounted")
            .expect("this process runs")
    }

    #[test]
    fn this_process_is_alive() {
        assert!(this_process().is_alive().expect("/proc is mounted"));
    }

    #[test]
    fn a_process_of_another_boot_is_not() {
        let other = ProcessIdentity {
            boot_id: "another".to_owned(),
            ..this_process()
        };

        assert!(!other.is_alive().expect("/proc is mounted"));
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let mut other = this_process();
        other.start_time += 1;

        assert!(!other.is_alive().expect("/proc is mounted"));
    }
}
