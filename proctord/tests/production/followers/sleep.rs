//! The replica that writes a log falls asleep in the middle, for longer than its lease, and wakes when another one has
//! stored the rest.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use proctor_testkit::wait_for_async;
use rustix::process::Signal;
use serde_json::json;

use super::socket::follow;
use super::{LINES, NUMBERED, Scene, assert_numbered, publish_image};
use crate::site::{execute, get, wait_for_status, wait_until_ready};

/// After which line it falls asleep: another one in each run.
fn some_line() -> usize {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    1 + nanos as usize % (LINES - 2)
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_of_one_who_slept_have_every_byte_once_or_come_again() {
    let (scene, [first, second, _third]) = Scene::new().await;
    publish_image(&first, "numbered", NUMBERED).await;
    let id = execute(&first, &json!({"name": "numbered"})).await;

    let line = some_line();
    println!("it falls asleep after line {line}");
    let asleep = AtomicBool::new(false);
    let fall_asleep = |lines: usize| {
        if lines >= line && !asleep.swap(true, Ordering::Relaxed) {
            first.signal(Signal::STOP);
        }
    };
    let until_woken = async {
        let at_second = follow(second.address(), id, fall_asleep).await.unwrap();
        wait_for_status(&second, id, "FAILED").await;
        let stored = stored(&scene, id);
        first.signal(Signal::CONT);
        (at_second, stored)
    };
    let (at_first, (at_second, before)) =
        tokio::join!(follow(first.address(), id, |_| {}), until_woken);

    assert_numbered(&at_second.bytes);
    assert!(at_second.end.log_complete);
    // Whoever is sent away gets all of it when it comes again.
    match at_first {
        Ok(followed) => assert!(followed.bytes == at_second.bytes && followed.end == at_second.end),
        Err(cut) => println!("the follower of who slept was sent away: {cut}"),
    }
    wait_until_ready(&first).await;
    let again = follow(first.address(), id, |_| {}).await.unwrap();
    assert!(again.bytes == at_second.bytes && again.end == at_second.end);
    let next = execute(&first, &json!({"name": "numbered"})).await;
    wait_for_async("it to write a log again", async || {
        let log = get(&second, &format!("/execution/{next}/logs")).await;
        if log.body.is_empty() {
            Err(log)
        } else {
            Ok(())
        }
    })
    .await;
    assert_eq!(stored(&scene, id), before);
}

fn stored(scene: &Scene, id: u64) -> String {
    scene.site.psql(&format!(
        "SELECT to_jsonb(execution), to_jsonb(log),
                (SELECT jsonb_agg(chunk ORDER BY \"offset\") FROM proctor.chunk WHERE execution_id = {id}),
                (SELECT jsonb_agg(event ORDER BY number) FROM proctor.event WHERE execution_id = {id})
           FROM proctor.execution JOIN proctor.log ON execution_id = id WHERE id = {id}"
    ))
}
