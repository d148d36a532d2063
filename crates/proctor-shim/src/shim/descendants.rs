//! Ends everything below the shim. As the shim is the reaper of its descendants, none can leave its tree, and
//! when it has no child left there is no descendant either.

use std::collections::HashSet;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use proctor_shim::procfs::Stat;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, pidfd_open, pidfd_send_signal, wait,
};

use super::note::note;
use super::signals::Signals;
use super::waiting;

/// A killed process is gone in no time, unless it hangs in the kernel.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_secs(1);

/// Returns when no process and no zombie is left.
pub fn end_all(signals: &Signals) {
    let mut delay = LOOK_AGAIN;
    while !reap_all() {
        if let Err(error) = kill_all() {
            note(&format!("failed to look for descendants: {error}"));
        }
        if reap_all() {
            return;
        }
        waiting::wait([Some(signals.as_fd())], Some(Instant::now() + delay));
        signals.collect();
        delay = (delay * 2).min(LOOK_AGAIN_AT_MOST);
    }
}

/// Reaps those that have ended; `true` if there is no child left.
fn reap_all() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}

fn kill_all() -> io::Result<()> {
    for stat in below(&Stat::all()?, getpid().as_raw_nonzero().get()) {
        let Some(pidfd) =
            Pid::from_raw(stat.pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
        else {
            continue;
        };
        // Seen again behind the pidfd, it is the same process and no other with its number.
        if Stat::of(stat.pid)?.is_some_and(|now| now.start_time == stat.start_time) {
            let _ = pidfd_send_signal(&pidfd, Signal::KILL);
        }
    }
    Ok(())
}

/// All descendants of a process.
fn below(all: &[Stat], root: i32) -> Vec<Stat> {
    let mut parents = HashSet::from([root]);
    let mut found = Vec::new();
    loop {
        let before = found.len();
        for stat in all {
            if parents.contains(&stat.parent) && parents.insert(stat.pid) {
                found.push(*stat);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_tree_is_found_in_any_order() {
        let stat = |pid, parent| Stat {
            pid,
            state: 'S',
            parent,
            group: pid,
            session: pid,
            start_time: 1,
        };
        let all = [stat(4, 3), stat(1, 0), stat(3, 2), stat(2, 1), stat(9, 1)];

        let mut pids: Vec<i32> = below(&all, 2).iter().map(|stat| stat.pid).collect();
        pids.sort_unstable();

        assert_eq!(pids, [3, 4]);
    }
}
