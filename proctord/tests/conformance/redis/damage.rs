//! What somebody else has done to our keys is told with the key, and nothing is made of it.

use proctor_testkit::redis::{Database, Server};
use proctord::catalog::redis::RedisCatalog;
use proctord::catalog::{Catalog, CatalogError, SecretsOfProc};

use super::catalog::{open, settings};
use crate::catalog::procs::{a_proc, name};
use crate::catalog::shelf::KEYS;

async fn published() -> (Database<'static>, RedisCatalog) {
    let database = Server::shared().database();
    let catalog = open(settings(Server::shared(), database.number()), KEYS);
    catalog
        .publish(&[a_proc("say-hello"), a_proc("other")])
        .await
        .unwrap();
    (database, catalog)
}

fn damaged<T: std::fmt::Debug>(answer: Result<T, CatalogError>) -> String {
    match answer.unwrap_err() {
        CatalogError::Damaged { what, source } => format!("{what}: {source:?}"),
        other => panic!("{other:?} does not say that something is damaged"),
    }
}

#[tokio::test]
async fn a_document_that_is_none_is_named() {
    let (database, catalog) = published().await;
    let key = "proctor:3:proc:say-hello";

    assert_eq!(database.cli(&["SET", key, "{\"name\":"]), "OK");
    assert!(damaged(catalog.proc(&name("say-hello")).await).contains(key));
    assert!(damaged(catalog.procs().await).contains(key));

    assert_eq!(database.cli(&["DEL", key]), "1");
    assert_eq!(database.cli(&["HSET", key, "a", "b"]), "1");
    assert!(damaged(catalog.proc(&name("say-hello")).await).contains(key));
    assert!(damaged(catalog.procs().await).contains(key));

    assert_eq!(
        catalog.proc(&name("other")).await.unwrap().unwrap().name,
        "other"
    );
    assert!(
        catalog
            .unpublish(&name("say-hello"), SecretsOfProc::Stay)
            .await
            .unwrap()
    );
    assert_eq!(catalog.procs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_document_that_was_evicted_is_missed() {
    let (database, catalog) = published().await;
    let key = "proctor:3:proc:say-hello";
    assert_eq!(database.cli(&["DEL", key]), "1");

    let told = damaged(catalog.procs().await);

    assert!(told.contains(key) && told.contains("not there"), "{told}");
    catalog.publish(&[a_proc("say-hello")]).await.unwrap();
    assert_eq!(catalog.procs().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_set_of_names_that_is_none_leaves_everything_as_it_is() {
    let (database, catalog) = published().await;
    assert_eq!(database.cli(&["SET", "proctor:3:procs", "x"]), "OK");

    for told in [
        damaged(catalog.publish(&[a_proc("third"), a_proc("fourth")]).await),
        damaged(catalog.unpublish(&name("other"), SecretsOfProc::Go).await),
        damaged(catalog.procs().await),
        damaged(catalog.check().await),
    ] {
        assert!(told.contains("proctor:3:procs"), "{told}");
    }

    assert_eq!(database.cli(&["EXISTS", "proctor:3:proc:third"]), "0");
    assert_eq!(database.cli(&["EXISTS", "proctor:3:proc:other"]), "1");
}

#[tokio::test]
async fn secrets_that_are_none_are_named() {
    let (database, catalog) = published().await;
    let (key, hello) = ("proctor:3:secret:say-hello", name("say-hello"));
    assert_eq!(database.cli(&["HSET", key, "TOKEN", "plain text"]), "1");

    let told = damaged(catalog.secrets(&hello).await);
    assert!(told.contains("secret TOKEN of proc say-hello"), "{told}");
    assert!(!told.contains("plain text"), "{told}");
    assert_eq!(catalog.secret_names(&hello).await.unwrap().len(), 1);

    assert_eq!(database.cli(&["HSET", key, "no variable", "x"]), "1");
    assert!(damaged(catalog.secret_names(&hello).await).contains("say-hello"));
    assert_eq!(database.cli(&["SET", key, "x"]), "OK");
    assert!(damaged(catalog.secrets(&hello).await).contains(key));
    let token = "TOKEN".parse().unwrap();
    assert!(damaged(catalog.set_secret(&hello, &token, "x".into()).await).contains(key));
}

#[tokio::test]
async fn a_sealed_secret_moved_to_another_place_does_not_open_there() {
    let (database, catalog) = published().await;
    let token = "TOKEN".parse().unwrap();
    catalog
        .set_secret(&name("other"), &token, "value".into())
        .await
        .unwrap();
    let sealed = database.cli(&["HGET", "proctor:3:secret:other", "TOKEN"]);

    let moved = ["HSET", "proctor:3:secret:say-hello", "TOKEN", &sealed];
    assert_eq!(database.cli(&moved), "1");

    let told = damaged(catalog.secrets(&name("say-hello")).await);
    assert!(told.contains("secret TOKEN of proc say-hello"), "{told}");
}
