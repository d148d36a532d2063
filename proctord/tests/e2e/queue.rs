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
