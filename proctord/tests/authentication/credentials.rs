use std::time::Duration;

use futures::future::join_all;
use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::site::{Proof, Site, USERS, email, prove, send, token, write_users};

#[tokio::test]
async fn a_token_proves_its_owner_by_version_2_s_headers_and_as_a_bearer() {
    let site = Site::start();
    let whoami = async |proof| {
        send(site.request(Method::GET, "/whoami", proof))
            .await
            .json()
    };
    let all = json!({
        "email": "all@example.org", "groups": ["ops", "db"], "admin": false, "authenticated": true
    });

    assert_eq!(whoami(Proof::Token("all", "all")).await, all);
    assert_eq!(whoami(Proof::Bearer("all")).await, all);
    let both = site.request(Method::GET, "/whoami", Proof::Bearer("all"));
    assert_eq!(
        send(both.header("Email-Id", "ALL@Example.ORG"))
            .await
            .json(),
        all
    );
    let admin = whoami(Proof::Token("admin", "admin")).await;
    assert_eq!(admin["admin"], true);
}

#[tokio::test]
async fn credentials_that_contradict_themselves_are_unreadable() {
    let site = Site::start();
    let request = || site.request(Method::GET, "/whoami", Proof::Token("all", "all"));
    let bearer = |name| format!("Bearer {}", token(name));

    let same = send(request().header("Authorization", bearer("all"))).await;
    let other = send(request().header("Authorization", bearer("root"))).await;
    let twice = send(request().header("Access-Token", token("root"))).await;

    assert_eq!(same.status, 200, "{same:?}");
    for contradiction in [other, twice] {
        assert_eq!(contradiction.status, 400, "{contradiction:?}");
        assert!(!contradiction.body.contains("secret"), "{contradiction:?}");
    }
}

#[tokio::test]
async fn a_token_under_another_address_is_refused_and_audited() {
    let site = Site::start();

    let foreign = Proof::Token("root", "some");
    let answer = send(site.request(Method::GET, "/whoami", foreign)).await;

    assert_eq!(
        (answer.status, answer.body.as_str()),
        (401, ""),
        "{answer:?}"
    );
    let told = "some@example.org authenticate root@example.org refused".to_owned();
    assert!(site.audit().await.contains(&told));
}

#[tokio::test]
async fn what_is_done_is_done_by_who_has_proven_it() {
    let site = Site::start();
    site.publish("hello", &["ops"], "true").await;

    let request = site.request(Method::POST, "/execution", Proof::Bearer("some"));
    let answer = send(request.json(&json!({"name": "hello"}))).await;

    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json()["id"].to_string();
    let execution = site.get("all", &format!("/execution/{id}")).await;
    assert_eq!(
        execution.json()["user_email"],
        email("some"),
        "{execution:?}"
    );
    let told = format!("some@example.org execution.create {id} done");
    assert!(site.audit().await.contains(&told));
}

/// Guesses once, and says how long it took to be refused.
async fn guess(site: &Site, client: &reqwest::Client) -> Duration {
    let begun = Instant::now();
    let request = client.get(site.url("/whoami"));
    let answer = send(prove(request, Proof::Bearer("nobody"))).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    begun.elapsed()
}

#[tokio::test]
async fn who_guesses_is_answered_later_and_nobody_else() {
    let site = Site::start();
    let guesser = site.client_elsewhere();

    join_all((0..60).map(|_| guess(&site, &guesser))).await;
    let slowed = guess(&site, &guesser).await;

    assert!(slowed >= Duration::from_secs(1), "{slowed:?}");
    // Right credentials, none at all, and other sources wait for nothing: none of them is a guess.
    for _ in 0..30 {
        let nothing = send(guesser.get(site.url("/whoami"))).await;
        assert_eq!(nothing.status, 401, "{nothing:?}");
        let right = send(prove(
            guesser.get(site.url("/whoami")),
            Proof::Bearer("all"),
        ))
        .await;
        assert_eq!(right.status, 200, "{right:?}");
    }
    let elsewhere = guess(&site, &site.client_elsewhere()).await;
    assert!(elsewhere < slowed, "{elsewhere:?}, {slowed:?}");
}

#[tokio::test]
async fn who_is_taken_out_of_the_file_is_let_in_no_longer_than_the_cache_lives() {
    let site = Site::with(&[("PROCTOR_AUTH_CACHE_LIFETIME", "300ms")]);
    assert_eq!(site.get("some", "/whoami").await.status, 200);

    let without: Vec<_> = USERS
        .into_iter()
        .filter(|(name, _)| *name != "some")
        .collect();
    write_users(site.folder.path(), &without, &[]);

    wait_for_async("the token to be refused", async || {
        match site.get("some", "/whoami").await.status {
            401 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    assert_eq!(site.get("all", "/whoami").await.status, 200);
}

#[tokio::test]
async fn a_crowd_with_one_token_is_let_in() {
    let site = Site::start();

    let crowd = (0..200).map(|_| site.get("all", "/whoami"));
    let answers = join_all(crowd).await;

    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
