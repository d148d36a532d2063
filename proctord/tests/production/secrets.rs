//! `proctord secrets`, and a rotation as an operator does it.

use proctor_testkit::{Proctord, ProctordBuilder, redis};
use serde_json::json;

use crate::site::{Site, execute, publish, wait_for_status, wait_until_ready};

const VALUE: &str = "c4n4ry-0f-4-s3cr3t";

fn new_key(builder: &ProctordBuilder) -> String {
    let ran = builder.run(&["secrets", "new-key"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.text().trim().to_owned()
}

#[tokio::test]
async fn a_rotation_leaves_nothing_that_the_old_key_has_sealed() {
    let site = Site::new();
    site.migrate();
    let (old, new) = (new_key(&site.proctord()), new_key(&site.proctord()));
    assert_ne!(old, new);
    let with = |keys: &str| site.proctord().env("PROCTOR_SECRET_KEYS", keys);
    let proctord = with(&old).start();
    wait_until_ready(&proctord).await;
    let line = format!("test \"$TOKEN\" = {VALUE}");
    let secrets =
        json!({"env_vars": {"secrets": [{"name": "TOKEN", "description": "of the service"}]}});
    publish(&proctord, "discreet", &line, secrets).await;
    let set = proctord.proctor(&["secret", "set", "discreet", "TOKEN"]);
    let _ = set.input(VALUE.as_bytes()).succeed();
    drop(proctord);

    let both = format!("{new},{old}");
    let rotate = |keys: &str| with(keys).run(&["secrets", "rotate"]);
    let first = rotate(&both);
    let second = rotate(&both);
    let foreign = rotate(&new_key(&site.proctord()));

    let text = "sealed anew: 1; sealed with the first key already: 0\n";
    assert_eq!(
        (first.code, first.text().as_str()),
        (Some(0), text),
        "{first:?}"
    );
    let text = "sealed anew: 0; sealed with the first key already: 1\n";
    assert_eq!(
        (second.code, second.text().as_str()),
        (Some(0), text),
        "{second:?}"
    );
    assert_eq!(foreign.code, Some(1), "{foreign:?}");
    assert!(
        foreign.text().starts_with("secret TOKEN of proc discreet:"),
        "{foreign:?}"
    );
    for ran in [first, second, foreign] {
        let told = format!("{ran:?}");
        assert!(
            !told.contains(VALUE) && !told.contains(new.split_once(':').unwrap().1),
            "{told}"
        );
    }
    let proctord = with(&new).start();
    wait_until_ready(&proctord).await;
    let id = execute(&proctord, &json!({"name": "discreet"})).await;
    wait_for_status(&proctord, id, "SUCCEEDED").await;
}

#[test]
fn a_rotation_without_redis_or_keys_fails_clearly() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Proctord::production_at(&folder.path().join("data"));
    let server = redis::Server::start();
    server.stop();

    let unnamed = builder
        .clone()
        .env("PROCTOR_SECRET_KEYS", "")
        .run(&["secrets", "rotate"]);
    let away = builder
        .env("PROCTOR_REDIS_ADDRESS", &server.address())
        .env(
            "PROCTOR_SECRET_KEYS",
            "one:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        )
        .run(&["secrets", "rotate"]);

    assert_eq!(unnamed.code, Some(1), "{unnamed:?}");
    for word in ["PROCTOR_REDIS_ADDRESS", "PROCTOR_SECRET_KEYS"] {
        assert!(unnamed.stderr.contains(word), "{unnamed:?}");
    }
    assert!(
        !unnamed.stderr.contains("PROCTOR_DATABASE_URL"),
        "{unnamed:?}"
    );
    assert_eq!(away.code, Some(1), "{away:?}");
    assert!(away.stderr.contains("Connection refused"), "{away:?}");
}
