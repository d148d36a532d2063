use proctor_testkit::CommandLine;

use crate::site::{Site, email, token};

/// The command line in somebody's name, by its environment alone.
fn proctor(site: &Site, who: &str, words: &[&str]) -> CommandLine {
    site.proctord
        .proctor(words)
        .env("EMAIL_ID", &email(who))
        .env("ACCESS_TOKEN", &token(who))
}

#[tokio::test]
async fn the_command_line_executes_for_those_who_may_and_tells_the_others() {
    let site = Site::start();
    site.publish("restricted", &["ops", "db"], "echo done")
        .await;

    let output = proctor(&site, "all", &["execute", "restricted"]).succeed();
    assert_eq!(output, "done\n");
    let refused = proctor(&site, "some", &["execute", "restricted"]).run();
    assert!(refused.stderr.contains("Not Authorized"), "{refused:?}");
    assert_ne!(refused.code, Some(0));
    let list = proctor(&site, "some", &["list", "-o", "name"]).succeed();
    assert!(!list.contains("restricted"), "{list}");
    let wrong = proctor(&site, "all", &["list"])
        .env("ACCESS_TOKEN", "wrong")
        .run();
    assert!(wrong.stderr.contains("Unauthorized Access"), "{wrong:?}");
    let who = proctor(&site, "admin", &["whoami", "-o", "json"]).succeed();
    let who: serde_json::Value = serde_json::from_str(&who).unwrap();
    assert_eq!(who["email"], email("admin"), "{who}");
}
