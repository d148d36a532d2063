//! Deliveries of several replicas on one Postgres: each is claimed by one of them, and what one that sleeps has claimed
//! is carried out by another; whoever wakes up late changes nothing of what is stored.

use std::collections::BTreeSet;

use proctor_testkit::{Proctord, ProctordBuilder, WebAnswer, WebServer, wait_for_async};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::site::{Site, execute, get, publish, wait_until_ready};

fn telling(site: &Site, name: &str, server: &WebServer) -> ProctordBuilder {
    site.proctord_beside(name)
        .env("PROCTOR_LEASE_LIFETIME", "1s")
        .env("PROCTOR_CALLBACK_ALLOW", &server.host())
}

fn ids(server: &WebServer) -> Vec<String> {
    let is_id = |name: &str| name == "proctor-delivery";
    let asked = server.asked();
    let headers = asked.iter().flat_map(|request| &request.headers);
    headers
        .filter(|(name, _)| is_id(name))
        .map(|(_, id)| id.clone())
        .collect()
}

async fn pending(replica: &Proctord) -> Vec<Value> {
    let page = get(replica, "/delivery?state=pending&limit=500").await;
    let page: Value = serde_json::from_str(&page.body).unwrap();
    page["deliveries"].as_array().unwrap().clone()
}

async fn all_delivered(replica: &Proctord) {
    wait_for_async("every delivery to be made", async || {
        let pending = pending(replica).await;
        if pending.is_empty() {
            Ok(())
        } else {
            Err(pending)
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_replicas_one_makes_each_delivery() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let site = Site::new();
    site.migrate();
    let replicas = ["first", "second"].map(|name| telling(&site, name, &server).start());
    for replica in &replicas {
        wait_until_ready(replica).await;
    }
    publish(&replicas[0], "quick", "true", json!({})).await;
    for number in 0..40 {
        let wish = json!({"name": "quick", "callback_url": server.url(&format!("/{number}"))});
        execute(&replicas[number % 2], &wish).await;
    }
    wait_for_async("every end to be told", async || {
        let count = ids(&server).len();
        if count >= 40 { Ok(()) } else { Err(count) }
    })
    .await;

    all_delivered(&replicas[0]).await;

    let ids = ids(&server);
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (40, 40));
}

#[tokio::test]
async fn what_a_replica_that_sleeps_has_claimed_another_delivers() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let site = Site::new();
    site.migrate();
    let sleeper = telling(&site, "sleeper", &server)
        .env("PROCTOR_FAIL_POINTS", "deliver.claimed=pause")
        .start();
    wait_until_ready(&sleeper).await;
    publish(&sleeper, "quick", "true", json!({})).await;
    let wish = json!({"name": "quick", "callback_url": server.url("/")});
    execute(&sleeper, &wish).await;
    wait_for_async("the delivery to be claimed", async || {
        let claimed = "SELECT count(*) FROM proctor.delivery WHERE claimed_by IS NOT NULL";
        match site.psql(claimed).as_str() {
            "1" => Ok(()),
            count => Err(count.to_owned()),
        }
    })
    .await;

    let other = telling(&site, "other", &server).start();
    wait_until_ready(&other).await;
    all_delivered(&other).await;
    let stored = site.psql("SELECT state, attempts, updated_at FROM proctor.delivery");
    sleeper.signal(Signal::CONT);
    wait_for_async("the sleeper to find that it was overtaken", async || {
        let log = sleeper.log();
        let found = log.contains("taken over by somebody else");
        if found { Ok(()) } else { Err(log) }
    })
    .await;

    let ids = ids(&server);
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert_eq!(ids[0], ids[1]);
    let after = site.psql("SELECT state, attempts, updated_at FROM proctor.delivery");
    assert_eq!(after, stored);
}
