//! The files of a data folder that are put back to a backup, while what ran since then has run: nothing is started a
//! second time unless a person says so.

use std::fs;
use std::path::{Path, PathBuf};

use proctor_testkit::{Ledger, Proctord, wait_for};
use serde_json::{Value, json};

use crate::support::{Script, detach, publish_script, status, wait_for_end, wait_for_status};

struct Scene {
    folder: tempfile::TempDir,
    ledger: Ledger,
}

impl Scene {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn start(&self) -> Proctord {
        Proctord::at(&self.data()).start()
    }

    fn publish(&self, proctord: &Proctord) {
        let body = format!(
            "echo \"$NUMBER\" >> {}; while [ ! -e {}/gate ]; do sleep 0.02; done",
            self.ledger.path().display(),
            self.folder.path().display()
        );
        let script = Script {
            name: "one-by-one",
            body: &body,
            fields: json!({"max_concurrent": 1}),
        };
        publish_script(proctord, self.folder.path(), &script);
    }

    fn open_gate(&self) {
        fs::write(self.folder.path().join("gate"), "").unwrap();
    }

    fn copy_files(&self, from: &Path, to: &Path) {
        for file in ["proctor.db", "logs.db"] {
            for beside in ["-wal", "-shm"] {
                let beside = to.join(format!("{file}{beside}"));
                if beside.exists() {
                    fs::remove_file(beside).unwrap();
                }
            }
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }

    fn recover(&self, words: &[&str]) -> String {
        let data = self.data();
        let mut all = vec!["recover", "--data-dir", data.to_str().unwrap()];
        all.extend_from_slice(words);
        let ran = Proctord::at(&data).run(&all);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.text()
    }
}

/// It is noticed without being told: a folder names an execution that the files do not know.
#[test]
fn files_that_are_put_back_start_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let scene = Scene { folder, ledger };
    let proctord = scene.start();
    scene.publish(&proctord);
    let execute = |proctord: &Proctord, number: u32| {
        detach(proctord, &["one-by-one", &format!("NUMBER={number}")])
    };
    let ids: Vec<_> = (1..=3).map(|number| execute(&proctord, number)).collect();
    wait_for_status(&proctord, &ids[0], "RUNNING");
    assert!(proctord.stop().success());
    let backup = scene.folder.path().join("backup");
    fs::create_dir(&backup).unwrap();
    scene.copy_files(&scene.data(), &backup);
    let proctord = scene.start();
    scene.open_gate();
    let name = |id: &String| {
        let ended = wait_for_end(&proctord, id);
        assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
        ended["name"].as_str().unwrap().to_owned()
    };
    let names: Vec<_> = ids.iter().map(name).collect();
    let stranger = name(&execute(&proctord, 4));
    assert!(proctord.stop().success());
    // As a week later.
    fs::remove_dir_all(scene.data().join("executions").join(&names[1])).unwrap();
    let before = scene.ledger.counts();

    scene.copy_files(&backup, &scene.data());
    let proctord = scene.start();

    for id in [&ids[0], &ids[2]] {
        let ended = wait_for_end(&proctord, id);
        assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    }
    let held = status(&proctord, &ids[1]);
    assert_eq!(held["status"], "QUEUED", "{held}");
    let survey: Value = serde_json::from_str(&scene.recover(&["-o", "json"])).unwrap();
    assert_eq!(
        survey["executions"][0]["id"].to_string(),
        ids[1],
        "{survey}"
    );
    assert_eq!(survey["executions"][0]["known"], "nothing", "{survey}");
    assert_eq!(survey["strangers"][0]["name"], stranger, "{survey}");
    assert_eq!(survey["strangers"][0]["known"], "ended", "{survey}");
    assert_eq!(scene.ledger.counts(), before);

    let done = scene.recover(&["--release", &ids[1]]);

    assert!(done.contains("no hold is in force"), "{done}");
    let ended = wait_for_end(&proctord, &ids[1]);
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    wait_for("it to have run once more", || {
        let runs = scene.ledger.counts();
        if runs["2"] == 2 { Ok(()) } else { Err(runs) }
    });
    assert!(scene.data().join("executions").join(&stranger).is_dir());
}
