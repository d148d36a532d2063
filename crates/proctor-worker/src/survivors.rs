//! Ends the processes that a dead shim left behind, and proves that they are gone.
//!
//! The command is a session and a process group of its own, so the kernel gives its number to nobody else
//! while one member lives. It never signals a process of another boot, of a session whose leader is another
//! process than the recorded one, or one that is older than the command.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use proctor_shim::ProcessIdentity;
use proctor_shim::procfs::Stat;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getsid, pidfd_open, pidfd_send_signal};

use crate::blocking::blocking;
use crate::error::WorkerError;
use crate::readiness::readable;

/// Kills what is left of the command's session and returns once nothing is.
pub(crate) async fn end_all(command: &ProcessIdentity, path: &Path) -> Result<(), WorkerError> {
    loop {
        let command = command.clone();
        let failed = WorkerError::io("end what is left of", path);
        let at = path.to_owned();
        let killed = blocking(path, move || {
            kill_all(&command).map_err(WorkerError::io("end what is left of", &at))
        })
        .await?;
        if killed.is_empty() {
            return Ok(());
        }
        tracing::warn!(path = %path.display(), count = killed.len(), "killed what a dead shim left");
        wait_all(killed).await.map_err(failed)?;
    }
}

fn kill_all(command: &ProcessIdentity) -> io::Result<Vec<OwnedFd>> {
    if !command.is_of_this_boot()? {
        return Ok(Vec::new());
    }
    let own_session = getsid(None)?.as_raw_nonzero().get();
    let mut killed = Vec::new();
    for stat in members(&Stat::all()?, command, own_session) {
        killed.extend(kill(&stat)?);
    }
    Ok(killed)
}

/// Kills exactly this process; `None` if it is gone.
fn kill(stat: &Stat) -> io::Result<Option<OwnedFd>> {
    let Some(pid) = Pid::from_raw(stat.pid) else {
        return Ok(None);
    };
    let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Seen again behind the pidfd, it is the one it refers to.
    let same = Stat::of(stat.pid)?.is_some_and(|now| {
        (now.start_time, now.session, now.group) == (stat.start_time, stat.session, stat.group)
    });
    if !same {
        return Ok(None);
    }
    match pidfd_send_signal(&pidfd, Signal::KILL) {
        Ok(()) => Ok(Some(pidfd)),
        Err(Errno::SRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Those of `all` that belong to the command's session or group and are still alive.
fn members(all: &[Stat], command: &ProcessIdentity, own_session: i32) -> Vec<Stat> {
    let number = command.pid;
    let reused = all
        .iter()
        .any(|stat| stat.pid == number && stat.start_time != command.start_time);
    if reused || number <= 1 || number == own_session {
        return Vec::new();
    }
    all.iter()
        .filter(|stat| stat.session == number || stat.group == number)
        .filter(|stat| stat.start_time >= command.start_time && !stat.is_zombie())
        .copied()
        .collect()
}

async fn wait_all(killed: Vec<OwnedFd>) -> io::Result<()> {
    for pidfd in killed {
        let pidfd = readable(pidfd)?;
        let _ended = pidfd.readable().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: i32 = 500;

    fn stat(pid: i32, session: i32, start_time: u64) -> Stat {
        Stat {
            pid,
            state: 'S',
            parent: 1,
            group: session,
            session,
            start_time,
        }
    }

    fn command() -> ProcessIdentity {
        ProcessIdentity {
            pid: COMMAND,
            start_time: 100,
            boot_id: "this".to_owned(),
        }
    }

    fn pids(all: &[Stat]) -> Vec<i32> {
        members(all, &command(), 9)
            .iter()
            .map(|stat| stat.pid)
            .collect()
    }

    #[test]
    fn the_session_goes_and_nobody_else() {
        let all = [
            stat(COMMAND, COMMAND, 100),
            stat(501, COMMAND, 101),
            stat(7, 7, 50),
        ];

        assert_eq!(pids(&all), [COMMAND, 501]);
    }

    #[test]
    fn a_session_outlives_its_leader() {
        assert_eq!(pids(&[stat(501, COMMAND, 101)]), [501]);
    }

    #[test]
    fn a_reused_number_is_an_alien_session() {
        let all = [stat(COMMAND, COMMAND, 900), stat(501, COMMAND, 901)];

        assert_eq!(pids(&all), [0; 0]);
    }

    #[test]
    fn zombies_and_elders_are_left_alone() {
        let zombie = Stat {
            state: 'Z',
            ..stat(COMMAND, COMMAND, 100)
        };

        assert_eq!(pids(&[zombie, stat(501, COMMAND, 99)]), [0; 0]);
    }
}
