//! One shim process as the worker sees it: a pidfd, so that a signal can never reach another process that got
//! the same number.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;

use proctor_shim::ProcessIdentity;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::unix::AsyncFd;

use crate::readiness::readable;

/// A process that is, or was, a shim.
#[derive(Debug)]
pub(crate) struct ShimProcess {
    identity: ProcessIdentity,
    pidfd: AsyncFd<OwnedFd>,
}

impl ShimProcess {
    /// Takes over a child and sees to it that it is reaped, whoever still cares for it.
    #[expect(
        clippy::disallowed_methods,
        reason = "shims outlive this process, so no stop waits for this task"
    )]
    pub(crate) fn of_child(mut child: Child) -> io::Result<Arc<Self>> {
        let opened = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(io::Error::from(Errno::SRCH))
            .and_then(|pid| Ok((pid, pidfd_open(pid, PidfdFlags::empty())?)))
            .and_then(|(pid, pidfd)| {
                let identity = ProcessIdentity::of(pid.as_raw_nonzero().get())?;
                Self::from_pidfd(identity.ok_or(Errno::SRCH)?, pidfd)
            });
        match opened {
            Ok(process) => {
                let process = Arc::new(process);
                let watched = Arc::clone(&process);
                tokio::spawn(async move {
                    watched.ended().await;
                    let _ = child.wait();
                });
                Ok(process)
            }
            Err(error) => {
                // It has not been told to go, so nothing is lost with it.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Finds a shim that an earlier worker started; `None` if exactly that process no longer runs.
    pub(crate) fn attach(identity: &ProcessIdentity) -> io::Result<Option<Arc<Self>>> {
        let Some(pid) = Pid::from_raw(identity.pid).filter(|pid| pid.as_raw_nonzero().get() > 0)
        else {
            return Ok(None);
        };
        let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Checked after the pidfd was opened: the process that matches now is the one it refers to.
        if !identity.is_alive()? {
            return Ok(None);
        }
        Ok(Some(Arc::new(Self::from_pidfd(identity.clone(), pidfd)?)))
    }

    fn from_pidfd(identity: ProcessIdentity, pidfd: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            identity,
            pidfd: readable(pidfd)?,
        })
    }

    /// Which process it is, among all that ever had its number.
    pub(crate) fn identity(&self) -> &ProcessIdentity {
        &self.identity
    }

    /// Returns once the process has ended.
    pub(crate) async fn ended(&self) {
        // An error means that the runtime is going away, and with it whoever waits here.
        if self.pidfd.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Sends TERM; a process that has ended does not mind.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        match pidfd_send_signal(self.pidfd.get_ref(), Signal::TERM) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
