//! A full disk: what cannot be stored is refused clearly, what runs is not lost, and once there is room
//! again everything goes on by itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use proctor_testkit::{Proctord, wait_for};

use crate::support::{detach, publish, wait_for_end, wait_for_status};

/// A small file system, mounted as long as this lives.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// `None`, with a word on standard error, where this user must not mount.
    fn mount(path: &'a Path) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
            .arg(path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(path)),
            refused => {
                eprintln!("SKIPPED: a small disk needs the right to mount: {refused:?}");
                None
            }
        }
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.filler()).unwrap();
        let block = vec![b'x'; 4096];
        while file.write_all(&block).is_ok() {}
        let rest = [b'x'];
        while file.write_all(&rest).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> std::path::PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // A failed test may leave processes whose work folder is in there: detach it all the same.
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn nothing_is_lost_while_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let mount = folder.path().join("disk");
    let Some(disk) = SmallDisk::mount(&mount) else {
        return;
    };
    let gate = folder.path().join("gate");
    let proctord = Proctord::at(&mount.join("data")).start();
    let body = format!(
        "echo begun; while [ ! -e {} ]; do sleep 0.05; done; \
         i=0; while [ $i -lt 5000 ]; do echo \"line $i\"; i=$((i+1)); done; exit 4",
        gate.display()
    );
    publish(&proctord, folder.path(), "writer", &body);
    let id = detach(&proctord, &["writer"]);
    wait_for_status(&proctord, &id, "RUNNING");

    disk.fill();
    let refused = wait_for("an execution to be refused", || {
        let ran = proctord.proctor(&["execute", "--detach", "writer"]).run();
        if ran.code == Some(0) {
            Err(ran)
        } else {
            Ok(ran)
        }
    });
    fs::write(&gate, "").unwrap();
    let read_all_the_same = proctord.proctor(&["list"]).run();
    disk.make_room();

    assert_eq!(refused.code, Some(125), "{refused:?}");
    assert!(refused.stderr.contains("no space left"), "{refused:?}");
    assert_eq!(read_all_the_same.code, Some(0), "{read_all_the_same:?}");
    let execution = wait_for_end(&proctord, &id);
    assert_eq!(
        (
            execution["status"].as_str(),
            execution["exit_code"].as_i64()
        ),
        (Some("FAILED"), Some(4))
    );
    let log = proctord.proctor(&["logs", &id]).run();
    let mut expected = String::from("begun\n");
    (0..5000).for_each(|number| expected.push_str(&format!("line {number}\n")));
    assert!(
        log.text() == expected,
        "{} bytes of {}: {}",
        log.stdout.len(),
        expected.len(),
        log.stderr
    );
    drop(proctord);
}
