use reqwest::Method;

use crate::site::{Proof, Site, send};

/// S13: whoever could ask could ask without end.
#[tokio::test]
async fn s13_a_user_who_asks_too_often_is_told_when_to_come_back() {
    let site = Site::with(&[("PROCTOR_RATE_LIMIT", "3")]);

    for _ in 0..3 {
        assert_eq!(site.get("some", "/whoami").await.status, 200);
    }
    // Any form of credentials is the same user.
    let refused = site.request(Method::GET, "/metadata", Proof::Bearer("some"));
    let refused = send(refused.header("Accept", "application/json")).await;

    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(refused.json()["type"], "/problems/too-many-requests");
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=20).contains(&wait), "{refused:?}");
    assert_eq!(site.get("all", "/whoami").await.status, 200);
    for path in ["/ping", "/readyz"] {
        assert_eq!(site.get("some", path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_log_that_is_followed_counts_once() {
    let site = Site::start();
    site.publish(
        "counting",
        &[],
        "for n in 1 2 3 4 5 6 7 8 9; do echo $n; done",
    )
    .await;
    let id = site.execute("root", "counting").await;
    let site = site.again(&[("PROCTOR_RATE_LIMIT", "1")]);

    let log = site
        .get("none", &format!("/execution/{id}/logs?follow=true"))
        .await;
    let next = site.get("none", "/whoami").await;

    assert_eq!(log.body.lines().count(), 9, "{log:?}");
    assert_eq!(next.status, 429, "{next:?}");
}
