//! What a process takes, as the kernel tells it.

use std::fs;
use std::time::Duration;

/// The kernel tells CPU time in hundredths of seconds, on every machine that Linux runs on today.
const TICKS_PER_SECOND: u64 = 100;

/// What a process has now, and what it has used so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    pub(super) memory_bytes: u64,
    pub(super) cpu: Duration,
}

impl Usage {
    pub(super) fn of(pid: u32) -> Self {
        let told = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
        let status = told("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
        let stat = told("stat");
        // The name of the program may have blanks in it, and ends with the last bracket.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        let ticks: u64 = fields
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        Self {
            memory_bytes: kilobytes.parse::<u64>().unwrap() * 1024,
            cpu: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
        }
    }
}
