use std::fs;

use proctor_testkit::{Ledger, Proctord, wait_for};
use serde_json::json;

use crate::support::{Script, detach, publish_script, status, wait_for_end, wait_for_status};

#[test]
fn a_proc_runs_no_more_often_at_once_than_it_says_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let data = folder.path().join("data");
    let gate = |number: usize| folder.path().join(format!("gate{number}"));
    let proctord = Proctord::at(&data).start();
    let body = format!(
        "echo \"begun $NUMBER\" >> {}; while [ ! -e {}/gate$NUMBER ]; do sleep 0.02; done",
        ledger.path().display(),
        folder.path().display()
    );
    let fields = json!({"max_concurrent": 1});
    publish_script(
        &proctord,
        folder.path(),
        &Script {
            name: "one-by-one",
            body: &body,
            fields,
        },
    );

    let ids: Vec<_> = (0..4)
        .map(|number| detach(&proctord, &["one-by-one", &format!("NUMBER={number}")]))
        .collect();
    wait_for_status(&proctord, &ids[0], "RUNNING");
    let waiting: Vec<_> = ids[1..]
        .iter()
        .map(|id| status(&proctord, id)["status"].clone())
        .collect();
    assert_eq!(waiting, ["QUEUED", "QUEUED", "QUEUED"]);
    let stopped = proctord.proctor(&["stop", &ids[2]]).run();
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    fs::write(gate(0), "").unwrap();
    wait_for_status(&proctord, &ids[1], "RUNNING");
    proctord.kill();
    let restarted = Proctord::at(&data).start();
    fs::write(gate(1), "").unwrap();
    fs::write(gate(3), "").unwrap();

    for (number, expected) in [
        (0, "SUCCEEDED"),
        (1, "SUCCEEDED"),
        (2, "STOPPED"),
        (3, "SUCCEEDED"),
    ] {
        let execution = wait_for_end(&restarted, &ids[number]);
        assert_eq!(execution["status"], expected, "{execution}");
    }
    let order = wait_for("the ledger to be whole", || {
        let text = fs::read_to_string(ledger.path()).unwrap();
        if text.lines().count() == 3 {
            Ok(text)
        } else {
            Err(text)
        }
    });
    assert_eq!(order, "begun 0\nbegun 1\nbegun 3\n");
}

/// One slot for all procs: the longest waiting goes first whatever its proc, and each can be told its place.
#[test]
fn the_installation_runs_no_more_at_once_than_it_may_and_tells_each_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let proctord = Proctord::at(&folder.path().join("data"))
        .env("PROCTOR_MAX_CONCURRENT", "2")
        .start();
    let body = format!(
        "echo \"$NUMBER\" >> {}; while [ ! -e {}/gate$NUMBER ]; do sleep 0.02; done",
        ledger.path().display(),
        folder.path().display()
    );
    for (name, fields) in [
        ("single", json!({"max_concurrent": 1})),
        ("free", json!({})),
    ] {
        let script = Script {
            name,
            body: &body,
            fields,
        };
        publish_script(&proctord, folder.path(), &script);
    }
    let open = |number: usize| fs::write(folder.path().join(format!("gate{number}")), "").unwrap();

    let ids: Vec<_> = ["single", "free", "single", "single", "free", "free"]
        .iter()
        .enumerate()
        .map(|(number, name)| detach(&proctord, &[name, &format!("NUMBER={number}")]))
        .collect();
    wait_for_status(&proctord, &ids[1], "RUNNING");
    let told = |number: usize| proctord.proctor(&["status", &ids[number]]).succeed();
    assert!(
        told(3).contains("2nd of 2 for single (max_concurrent 1)"),
        "{}",
        told(3)
    );
    let of_all = "3rd of 4 of all procs (PROCTOR_MAX_CONCURRENT 2)";
    assert!(told(4).contains(of_all), "{}", told(4));
    let queue = &status(&proctord, &ids[5])["queue"];
    let limit = json!({"of": "installation", "max_concurrent": 2});
    assert_eq!(*queue, json!({"position": 4, "length": 4, "limit": limit}));

    // Those of `single` have waited for longer, and have none of their own left.
    open(1);
    wait_for_status(&proctord, &ids[4], "RUNNING");
    assert_eq!(status(&proctord, &ids[5])["status"], "QUEUED");
    open(0);
    wait_for_status(&proctord, &ids[2], "RUNNING");
    open(4);
    wait_for_status(&proctord, &ids[5], "RUNNING");
    assert_eq!(status(&proctord, &ids[3])["queue"]["position"], 1);
    (2..6).for_each(open);

    for id in &ids {
        assert_eq!(wait_for_end(&proctord, id)["status"], "SUCCEEDED");
    }
}
