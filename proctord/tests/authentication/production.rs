use proctor_testkit::{Proctord, postgres, redis, wait_for_async};
use reqwest::Method;
use serde_json::json;

use crate::site::{Site, authenticating};

/// A service of production with servers of its own, ready to be asked.
async fn production() -> (Site, postgres::Server, redis::Server) {
    let (postgres, redis) = (postgres::Server::start(), redis::Server::start());
    let folder = tempfile::tempdir().unwrap();
    let builder = Proctord::production_at(&folder.path().join("data"))
        .env("PROCTOR_DATABASE_URL", &postgres.url())
        .env("PROCTOR_REDIS_ADDRESS", &redis.address())
        .env("PROCTOR_REDIS_PASSWORD", redis.password().unwrap())
        .env("PROCTOR_REDIS_PATIENCE", "2s");
    let builder = authenticating(builder, folder.path());
    let ran = builder.run(&["migrate"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let site = Site::of(folder, builder.start());
    wait_for_async("the service to be ready", async || {
        let answer = site.get("root", "/readyz").await;
        match answer.status {
            200 => Ok(()),
            _ => Err(answer),
        }
    })
    .await;
    (site, postgres, redis)
}

#[tokio::test]
async fn groups_decide_in_production_and_without_redis_nobody_reads_what_they_guard() {
    let (site, _postgres, redis) = production().await;
    site.publish("restricted", &["ops", "db"], "echo done")
        .await;
    let id = site.execute("all", "restricted").await;
    let path = format!("/execution/{id}");

    assert_eq!(site.get("all", &path).await.status, 200);
    assert_eq!(site.get("some", &path).await.status, 403);
    let wanted = json!({"name": "restricted"});
    let refused = site.ask("some", Method::POST, "/execution", &wanted).await;
    assert_eq!(refused.status, 403, "{refused:?}");

    drop(redis);
    let without = site.get("some", &path).await;
    assert_eq!(without.status, 503, "{without:?}");
}
