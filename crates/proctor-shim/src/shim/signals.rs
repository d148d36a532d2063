//! Signals as something to read. All are blocked for good, so none interrupts anything.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

/// TERM and INT ask for a stop; the others would only end or interrupt a shim.
const STOPPING: [i32; 2] = [libc::SIGTERM, libc::SIGINT];
const IGNORED: [i32; 7] = [
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGALRM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGXFSZ,
    libc::SIGPIPE,
];

/// Where signals arrive.
pub struct Signals {
    file: File,
    stop: Cell<bool>,
}

impl Signals {
    /// Blocks the signals and opens the descriptor that they are read from.
    #[expect(unsafe_code, reason = "signal masks and signalfd have no safe wrapper")]
    pub fn take() -> io::Result<Self> {
        let mut read = MaybeUninit::<libc::sigset_t>::uninit();
        let mut blocked = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: both sets are initialised by `sigemptyset` before any other use; the descriptor is new and
        // owned by nobody else. SIGCHLD must not be inherited as ignored, or children would reap themselves.
        unsafe {
            libc::sigemptyset(read.as_mut_ptr());
            libc::sigaddset(read.as_mut_ptr(), libc::SIGCHLD);
            libc::signal(libc::SIGCHLD, libc::SIG_DFL);
            for number in STOPPING {
                libc::sigaddset(read.as_mut_ptr(), number);
            }
            *blocked.as_mut_ptr() = *read.as_ptr();
            for number in IGNORED {
                libc::sigaddset(blocked.as_mut_ptr(), number);
            }
            if libc::sigprocmask(libc::SIG_SETMASK, blocked.as_ptr(), ptr::null_mut()) < 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = libc::signalfd(-1, read.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self {
                file: File::from(OwnedFd::from_raw_fd(fd)),
                stop: Cell::new(false),
            })
        }
    }

    /// Whether what was collected since the last call asks for a stop.
    pub fn take_stop(&self) -> bool {
        self.stop.take()
    }

    /// Empties the descriptor, so that it is readable again only for what is new. Whoever waits for a child
    /// collects first and looks at the child then, or it misses the one that ends in between.
    pub fn collect(&self) {
        let mut record = [0; size_of::<libc::signalfd_siginfo>()];
        while let Ok(read) = (&self.file).read(&mut record)
            && read == record.len()
        {
            // The first field is the signal's number.
            let number = u32::from_ne_bytes([record[0], record[1], record[2], record[3]]);
            if STOPPING.iter().any(|&stop| stop.cast_unsigned() == number) {
                self.stop.set(true);
            }
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
