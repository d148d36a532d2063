//! A clock that one process alone goes by, as of a machine whose time is set: what the process takes for the time of
//! day jumps, the time that passes does not. It takes libfaketime, which `scripts/install-servers.sh` installs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use proctor_testkit::ProctordBuilder;

const LIBRARY: &str = "libfaketimeMT.so.1";

#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    /// By how much it is off; read again at each look.
    offset: PathBuf,
}

impl Clock {
    /// One that goes right at first; none where there is no library for it, with a word past the captured output.
    pub fn of_its_own(folder: &Path) -> Option<Self> {
        let Some(library) = library() else {
            let _ = writeln!(
                io::stderr(),
                "SKIPPED: a clock of its own needs libfaketime"
            );
            return None;
        };
        let clock = Self {
            library,
            offset: folder.join("clock"),
        };
        clock.set(0);
        Some(clock)
    }

    pub fn given_to(&self, builder: ProctordBuilder) -> ProctordBuilder {
        builder
            .env("LD_PRELOAD", self.library.to_str().unwrap())
            .env("FAKETIME_TIMESTAMP_FILE", self.offset.to_str().unwrap())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// Has it be so many seconds off from now on.
    pub fn set(&self, seconds: i64) {
        let new = self.offset.with_extension("new");
        fs::write(&new, format!("{seconds:+}")).unwrap();
        fs::rename(&new, &self.offset).unwrap();
    }
}

fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    let mut paths = folders.filter_map(|folder| {
        let path = folder.ok()?.path().join("faketime").join(LIBRARY);
        path.is_file().then_some(path)
    });
    paths.next()
}
