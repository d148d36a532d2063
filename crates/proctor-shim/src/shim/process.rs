//! System calls about this process and the command's. One of the few files with `unsafe`: keep it small.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, getpgid, kill_process, kill_process_group, set_child_subreaper,
    setsid, umask, waitpid,
};

use super::ending::Step;

/// Leaves the worker's session and files behind, and becomes the parent of whatever is orphaned below.
pub fn stand_alone() -> io::Result<()> {
    // Fails only in one that already leads its group, as when started by hand.
    let _ = setsid();
    set_child_subreaper(Pid::from_raw(1))?;
    // Nobody's working folder is kept busy by a shim.
    std::env::set_current_dir("/")?;
    umask(Mode::from_raw_mode(0o077));
    close_inherited();
    Ok(())
}

#[expect(unsafe_code, reason = "close_range has no safe wrapper")]
fn close_inherited() {
    // SAFETY: runs first in `main`, when this process owns no descriptor but the three standard ones. Old
    // kernels lack the call; then nothing is closed, and every descriptor of ours is close-on-exec anyway.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// Makes a standard descriptor of this process refer to `/dev/null`, so that its number is not used again.
#[expect(unsafe_code, reason = "dup2 onto a fixed number has no safe wrapper")]
pub fn detach(standard: RawFd) -> io::Result<()> {
    let null = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    // SAFETY: both are plain numbers to the kernel; nothing in this process owns 0 or 1.
    if unsafe { libc::dup2(null.as_raw_fd(), standard) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Does to the command what has been decided. It must not have been reaped.
pub fn apply(step: Step, command: Pid) {
    match step {
        Step::None => {}
        Step::Terminate => {
            signal(command, Signal::TERM);
            // A stopped process hears nothing before it is continued.
            signal(command, Signal::CONT);
        }
        Step::Kill => signal(command, Signal::KILL),
    }
}

/// Kills what is left in the command's group. The command must not have been reaped.
pub fn kill_group(command: Pid) {
    // There may be nobody left.
    let _ = kill_process_group(command, Signal::KILL);
}

fn signal(command: Pid, signal: Signal) {
    let _ = kill_process_group(command, signal);
    // The command may have moved to a group of its own making.
    if getpgid(Some(command)) != Ok(command) {
        let _ = kill_process(command, signal);
    }
}

/// Whether the command has ended; it stays unreaped. Orphans that have ended are reaped on the way.
pub fn has_ended(command: Pid) -> bool {
    loop {
        match ended_child() {
            Ok(Some(child)) if child == command => return true,
            Ok(Some(orphan)) => drop(waitpid(Some(orphan), WaitOptions::NOHANG)),
            Err(Errno::INTR) => {}
            Ok(None) => return false,
            // No child at all: somebody else took it, and there is nothing to wait for.
            Err(_) => return true,
        }
    }
}

#[expect(unsafe_code, reason = "rustix does not tell which child waitid found")]
fn ended_child() -> Result<Option<Pid>, Errno> {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let mut found = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: `found` is valid for writing, all zeroes is a valid value, and with no child found its pid stays 0.
    unsafe {
        if libc::waitid(libc::P_ALL, 0, found.as_mut_ptr(), options) < 0 {
            let error = io::Error::last_os_error();
            return Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL));
        }
        Ok(Pid::from_raw(found.assume_init().si_pid()))
    }
}
