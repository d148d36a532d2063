//! What a storm has left, altered by hand: the check must find each alteration.

use std::fs::OpenOptions;
use std::io::Write;

use crate::storm::Storm;

const ALTERATIONS: [&str; 3] = [
    "DELETE FROM proctor.firing WHERE id = (SELECT min(id) FROM proctor.firing)",
    "UPDATE proctor.firing SET moment = moment + interval '1 second'
      WHERE id = (SELECT max(id) FROM proctor.firing)",
    "DELETE FROM proctor.delivery WHERE id = (SELECT min(id) FROM proctor.delivery)",
];

/// One comes on top of the other.
pub async fn every_mistake_is_found(storm: &Storm) {
    run_again(storm);
    let mut found = storm.verdict().await.mistakes.len();
    assert!(found > 0, "a second run");
    for alteration in ALTERATIONS {
        let altered = storm.stage.postgres.psql(alteration);
        assert_eq!(altered, "", "{alteration}");
        let verdict = storm.verdict().await;
        assert!(verdict.mistakes.len() > found, "{alteration}: {verdict}");
        found = verdict.mistakes.len();
    }
}

/// Has something have run once more.
fn run_again(storm: &Storm) {
    let ledger = &storm.stage.ledger;
    let line = ledger.counts().into_keys().next().unwrap();
    let file = OpenOptions::new().append(true).open(ledger.path());
    writeln!(file.unwrap(), "{line}").unwrap();
}
