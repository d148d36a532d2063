//! A small file system that can be filled. It takes the right to mount.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system in memory, mounted as long as this lives.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many MiB. `None`, with a word past the captured output, where this user must not mount.
    ///
    /// # Panics
    /// There is no place for it.
    #[must_use]
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let disk = Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
        };
        let size = format!("size={mebibytes}m,mode=1777");
        let words = ["-t", "tmpfs", "-o", &size, "tmpfs"];
        let mounted = Command::new("mount").args(words).arg(disk.path()).output();
        match mounted {
            Ok(output) if output.status.success() => {
                disk.let_everybody_in();
                Some(disk)
            }
            refused => {
                let _ = writeln!(
                    io::stderr(),
                    "SKIPPED: a small disk needs the right to mount: {refused:?}"
                );
                None
            }
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left.
    ///
    /// # Panics
    /// Not even a file can be made.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).expect("a file can be made");
        let block = vec![b'x'; 4096];
        while file.write_all(&block).is_ok() {}
        while file.write_all(b"x").is_ok() {}
    }

    /// Gives back what was taken.
    ///
    /// # Panics
    /// Nothing was.
    pub fn make_room(&self) {
        fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// A Postgres that root starts runs as a user of its own.
    fn let_everybody_in(&self) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        fs::set_permissions(self.path(), mode).expect("the folder is ours");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A failed test may leave processes that hold it: detach it all the same.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
    }
}
