//! `proctor` on a terminal: a pseudo-terminal whose screen a test waits for and whose keys it presses.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Child;
use tokio::sync::watch;

use crate::run::{DEADLINE, PROCTOR, User};

pub const CTRL_C: &str = "\x03";
pub const ENTER: &str = "\r";
pub const DOWN: &str = "\x1b[B";

/// A run on a terminal.
pub struct Terminal {
    keys: File,
    screen: watch::Receiver<String>,
    child: Child,
    /// How much of the screen was waited for already.
    seen: usize,
}

/// A terminal after the end of what ran on it.
pub struct Left {
    pub code: Option<i32>,
    pub screen: String,
    pub stdout: String,
}

impl Terminal {
    /// Runs with stdin, stdout and stderr on a terminal of 80 columns.
    pub fn start(user: &User, args: &[&str]) -> Self {
        Self::of_width(user, args, 80)
    }

    pub fn of_width(user: &User, args: &[&str], columns: u16) -> Self {
        Self::with(user, args, columns, false)
    }

    /// Runs with stdout elsewhere, as in a pipeline.
    pub fn with_piped_stdout(user: &User, args: &[&str]) -> Self {
        Self::with(user, args, 80, true)
    }

    fn with(user: &User, args: &[&str], columns: u16, pipes_stdout: bool) -> Self {
        let (keys, terminal) = open(columns);
        // A terminal of its own, so that Ctrl-C is a signal as in a shell.
        let mut command = user.program(Path::new("setsid"));
        command
            .args(["--ctty", "--wait", PROCTOR])
            .args(args)
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .stdin(Stdio::from(terminal.try_clone().unwrap()))
            .stderr(Stdio::from(terminal.try_clone().unwrap()));
        if !pipes_stdout {
            command.stdout(Stdio::from(terminal.try_clone().unwrap()));
        }
        let child = command.spawn().unwrap();
        drop((command, terminal));
        let (sender, screen) = watch::channel(String::new());
        let reader = keys.try_clone().unwrap();
        std::thread::spawn(move || read(reader, &sender));
        Self {
            keys,
            screen,
            child,
            seen: 0,
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until what is typed is not shown any more.
    pub async fn hides_what_is_typed(&self) {
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            let modes = rustix::termios::tcgetattr(&self.keys).expect("the terminal has modes");
            if !modes
                .local_modes
                .contains(rustix::termios::LocalModes::ECHO)
            {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "what is typed stays shown"
            );
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the text stands on the screen, after whatever was waited for before.
    #[track_caller]
    pub fn shows<'a>(&'a mut self, text: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let seen = self.seen;
            let there = |screen: &String| screen[seen..].contains(text);
            let waited = tokio::time::timeout(DEADLINE, self.screen.wait_for(there)).await;
            let is_there = matches!(&waited, Ok(Ok(_)));
            drop(waited);
            let screen = self.screen.borrow().clone();
            assert!(is_there, "{caller}: {text:?} is not in:\n{screen:?}");
            self.seen += screen[seen..].find(text).unwrap() + text.len();
        }
    }

    /// Waits for the end of the run and of what it showed.
    pub async fn end(mut self) -> Left {
        let mut stdout = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            let read = tokio::io::AsyncReadExt::read_to_string(&mut pipe, &mut stdout);
            tokio::time::timeout(DEADLINE, read).await.unwrap().unwrap();
        }
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let screen = self.screen.borrow().clone();
        let code = ended
            .unwrap_or_else(|_| panic!("proctor does not end:\n{screen}"))
            .unwrap()
            .code();
        // The sender goes with the last byte.
        let closed = async { while self.screen.changed().await.is_ok() {} };
        tokio::time::timeout(DEADLINE, closed).await.unwrap();
        let screen = self.screen.borrow().clone();
        assert!(!screen.contains("panicked"), "{screen}");
        Left {
            code,
            screen,
            stdout,
        }
    }
}

fn open(columns: u16) -> (File, OwnedFd) {
    let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keys).unwrap();
    unlockpt(&keys).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&keys, size).unwrap();
    let path = ptsname(&keys, Vec::new()).unwrap();
    let terminal = rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(keys), terminal)
}

fn read(mut from: File, to: &watch::Sender<String>) {
    let mut bytes = [0; 4096];
    // Reading fails once nobody has the terminal open any more.
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
        to.send_modify(|screen| screen.push_str(&text));
    }
}

impl Left {
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.screen);
        self
    }
}
