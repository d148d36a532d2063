//! From fork to exec. The child waits between the two until its start is on disk, so the command's first
//! instruction never comes before that. The only place that forks; the child's side allocates nothing.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use rustix::process::{Pid, getpid};

use super::command::Command;
use super::exec_failure::{ExecFailure, Stage};

/// Room for a burst of output while the disk is slow.
const PIPE_BYTES: usize = 1 << 20;

/// Some other process of this host may still hold a just written script open for writing, between its own
/// fork and exec; that passes.
const BUSY_TRIES: u32 = 100;
const BUSY_DELAY_NS: i64 = 20_000_000;

const HIGHEST_SIGNAL: i32 = 64;

/// The kernel's `struct sigaction`, with room to spare: all zeroes is the default action.
const DEFAULT_ACTION: [u64; 8] = [0; 8];
const SIGNAL_SET_BYTES: usize = 8;

/// A child that waits for its release. Dropping it instead makes it leave.
pub struct Waiting {
    /// The child, which becomes the command.
    pub pid: Pid,
    output: OwnedFd,
    release: File,
    failure: File,
}

/// The command runs.
pub struct Running {
    /// Its first process, session and process group.
    pub pid: Pid,
    /// Where its output comes from; never blocks.
    pub output: OwnedFd,
}

/// What the child needs, as plain numbers.
struct Ends {
    shim: libc::pid_t,
    null: RawFd,
    output: RawFd,
    release: RawFd,
    failure: RawFd,
}

/// Creates the child.
#[expect(unsafe_code, reason = "fork has no safe wrapper")]
pub fn fork(command: &Command) -> io::Result<Waiting> {
    let null = File::open("/dev/null")?;
    let (output, output_end) = pipe_with(PipeFlags::CLOEXEC)?;
    let (release_end, release) = pipe_with(PipeFlags::CLOEXEC)?;
    let (failure, failure_end) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfl(&output, OFlags::NONBLOCK)?;
    // A limit of the host may forbid it; the default size works too.
    let _ = fcntl_setpipe_size(&output, PIPE_BYTES);
    let ends = Ends {
        shim: getpid().as_raw_nonzero().get(),
        null: null.as_raw_fd(),
        output: output_end.as_raw_fd(),
        release: release_end.as_raw_fd(),
        failure: failure_end.as_raw_fd(),
    };
    // SAFETY: this process has one thread, so the child is a whole copy of it.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: this is the child; it only makes system calls on what was prepared above and never returns.
        unsafe { become_command(command, &ends) };
    }
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Waiting {
        pid,
        output,
        release: release.into(),
        failure: failure.into(),
    })
}

impl Waiting {
    /// Lets the child execute the command, and waits until it has or could not.
    pub fn release(mut self) -> Result<Running, ExecFailure> {
        // A child that has failed already cannot read; its failure says why.
        let _ = self.release.write_all(b"1");
        drop(self.release);
        let mut report = Vec::new();
        // A successful exec closes the pipe without a word.
        let _ = self.failure.read_to_end(&mut report);
        match ExecFailure::from_bytes(&report) {
            Some(failure) => Err(failure),
            None => Ok(Running {
                pid: self.pid,
                output: self.output,
            }),
        }
    }
}

/// The child's side.
///
/// # Safety
///
/// Only in the child of a single-threaded process.
#[expect(unsafe_code, reason = "raw system calls between fork and exec")]
unsafe fn become_command(command: &Command, ends: &Ends) -> ! {
    // SAFETY: every pointer belongs to `command`, which outlives this; every descriptor is open.
    unsafe {
        let stage = match set_up(command, ends) {
            Ok(()) => Stage::Exec,
            Err(stage) => fail(ends, stage),
        };
        let mut word = 0_u8;
        if libc::read(ends.release, (&raw mut word).cast(), 1) != 1 {
            libc::_exit(127);
        }
        execute(command);
        fail(ends, stage)
    }
}

#[expect(unsafe_code, reason = "raw system calls between fork and exec")]
unsafe fn set_up(command: &Command, ends: &Ends) -> Result<(), Stage> {
    let check = |answer: libc::c_int| {
        if answer < 0 {
            Err(Stage::SetUp)
        } else {
            Ok(())
        }
    };
    // SAFETY: as `become_command`.
    unsafe {
        check(libc::setsid())?;
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
        // The shim may have died before that call; then nobody would send the signal.
        if libc::getppid() != ends.shim {
            libc::_exit(127);
        }
        for number in 1..=HIGHEST_SIGNAL {
            // Not by way of libc, which refuses the two that it keeps for itself. KILL and STOP are refused by
            // the kernel, and are default anyway.
            libc::syscall(
                libc::SYS_rt_sigaction,
                number,
                DEFAULT_ACTION.as_ptr(),
                std::ptr::null::<u64>(),
                SIGNAL_SET_BYTES,
            );
        }
        let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        check(libc::sigprocmask(
            libc::SIG_SETMASK,
            none.as_ptr(),
            std::ptr::null_mut(),
        ))?;
        libc::umask(0o022);
        check(libc::dup2(ends.null, 0))?;
        check(libc::dup2(ends.output, 1))?;
        check(libc::dup2(ends.output, 2))?;
        if libc::chdir(command.c_cwd.as_ptr()) < 0 {
            return Err(Stage::Folder);
        }
    }
    Ok(())
}

/// Tries each candidate; returns only if none could be executed, with the reason in `errno`.
#[expect(unsafe_code, reason = "raw system calls between fork and exec")]
unsafe fn execute(command: &Command) {
    let (mut denied, mut tries) = (false, 0);
    let mut next = 0;
    while let Some(file) = command.candidates.get(next) {
        // SAFETY: as `become_command`.
        unsafe {
            libc::execve(
                file.as_ptr(),
                command.c_argv.as_ptr(),
                command.c_env.as_ptr(),
            );
            match *libc::__errno_location() {
                libc::ETXTBSY if tries < BUSY_TRIES => {
                    tries += 1;
                    let delay = libc::timespec {
                        tv_sec: 0,
                        tv_nsec: BUSY_DELAY_NS,
                    };
                    libc::nanosleep(&raw const delay, std::ptr::null_mut());
                    continue;
                }
                libc::EACCES => denied = true,
                libc::ENOENT | libc::ENOTDIR => {}
                _ => return,
            }
        }
        next += 1;
    }
    if denied {
        // SAFETY: the location of this thread's own errno.
        unsafe { *libc::__errno_location() = libc::EACCES };
    }
}

#[expect(unsafe_code, reason = "raw system calls between fork and exec")]
unsafe fn fail(ends: &Ends, stage: Stage) -> ! {
    // SAFETY: as `become_command`.
    unsafe {
        let report = ExecFailure::to_bytes(stage, *libc::__errno_location());
        libc::write(ends.failure, report.as_ptr().cast(), report.len());
        libc::_exit(127)
    }
}
