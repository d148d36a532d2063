//! A rotation of keys: everything is sealed with the first one afterwards, and nothing newer is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proctor_testkit::redis::{Database, Server};
use proctord::catalog::Catalog;
use proctord::catalog::redis::RedisCatalog;

use super::catalog::{everything, open, settings};
use crate::catalog::procs::name;
use crate::catalog::secrets::exposed;
use crate::catalog::shelf::{KEYS, OTHER_KEYS, ROTATED_KEYS};

const NEW_KEY_ALONE: &str = "two:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const CANARY: &str = "c4n4ry-0f-4-s3cr3t-that-must-never-be-seen";

fn with(database: &Database<'_>, keys: &str) -> RedisCatalog {
    open(settings(Server::shared(), database.number()), keys)
}

async fn set(catalog: &RedisCatalog, proc_name: &str, secret: &str, value: &str) {
    let secret = secret.parse().unwrap();
    catalog
        .set_secret(&name(proc_name), &secret, value.into())
        .await
        .unwrap();
}

#[tokio::test]
async fn everything_opens_with_the_new_key_alone_and_a_second_time_does_nothing() {
    let database = Server::shared().database();
    let old = with(&database, KEYS);
    for number in 0..30 {
        set(
            &old,
            &format!("p{}", number % 7),
            &format!("S{number}"),
            CANARY,
        )
        .await;
    }
    let new = with(&database, ROTATED_KEYS);
    set(&new, "p0", "NEW", "new").await;

    let first = new.rotate().await.unwrap();
    let second = new.rotate().await.unwrap();

    assert_eq!((first.resealed, first.current), (30, 1), "{first:?}");
    assert_eq!((second.resealed, second.current), (0, 31), "{second:?}");
    assert!(first.unopenable.is_empty() && second.unopenable.is_empty());
    let alone = with(&database, NEW_KEY_ALONE);
    let of_p0 = exposed(&alone, &name("p0")).await;
    assert_eq!(
        (of_p0.len(), of_p0["NEW"].as_str(), of_p0["S7"].as_str()),
        (6, "new", CANARY)
    );
    let stored = everything(&database);
    assert!(
        !stored
            .windows(12)
            .any(|bytes| CANARY.as_bytes().windows(12).any(|part| part == bytes))
    );
}

#[tokio::test]
async fn what_cannot_be_opened_is_named_and_left_as_it_is() {
    let database = Server::shared().database();
    set(&with(&database, KEYS), "a", "GOOD", "value").await;
    set(&with(&database, OTHER_KEYS), "b", "BAD", CANARY).await;
    assert_eq!(
        database.cli(&["HSET", "proctor:3:secret:c", "JUNK", "plain"]),
        "1"
    );
    assert_eq!(
        database.cli(&["HSET", "proctor:3:secret:no proc", "A", "x"]),
        "1"
    );

    let rotation = with(&database, ROTATED_KEYS).rotate().await.unwrap();

    assert_eq!(
        (rotation.resealed, rotation.current),
        (1, 0),
        "{rotation:?}"
    );
    let named: Vec<_> = rotation
        .unopenable
        .iter()
        .map(|one| one.what.as_str())
        .collect();
    assert_eq!(
        named,
        [
            "secret BAD of proc b",
            "secret JUNK of proc c",
            "the key proctor:3:secret:no proc"
        ]
    );
    assert!(
        rotation.unopenable[0]
            .why
            .contains("does not open with the key `one`")
    );
    assert!(!format!("{rotation:?}").contains(CANARY));
    let other = with(&database, OTHER_KEYS);
    assert_eq!(exposed(&other, &name("b")).await["BAD"], CANARY);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_set_meanwhile_are_never_overwritten_with_older_ones() {
    let database = Server::shared().database();
    let old = with(&database, KEYS);
    let names: Vec<_> = (0..20).map(|number| format!("S{number}")).collect();
    for secret in &names {
        set(&old, "busy", secret, "0").await;
    }
    let (rotating, done) = (
        with(&database, ROTATED_KEYS),
        Arc::new(AtomicBool::new(false)),
    );

    // Replicas that have not got the new key yet go on sealing with the old one.
    let setting = async {
        let mut last = BTreeMap::new();
        for round in 1.. {
            for secret in &names {
                let value = round.to_string();
                set(&old, "busy", secret, &value).await;
                last.insert(secret.clone(), value);
            }
            if done.load(Ordering::Relaxed) {
                break;
            }
        }
        last
    };
    let rotations = async {
        for _ in 0..10 {
            rotating.rotate().await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let (last, ()) = futures::join!(setting, rotations);

    assert_eq!(exposed(&rotating, &name("busy")).await, last);
    let settled = rotating.rotate().await.unwrap();
    assert_eq!(settled.resealed + settled.current, 20, "{settled:?}");
    assert_eq!(
        exposed(&with(&database, NEW_KEY_ALONE), &name("busy")).await,
        last
    );
}
