//! Redis is away or silent. Every answer comes in bounded time and tells what is the matter, and
//! everything goes on by itself.

use std::time::{Duration, Instant};

use futures::future::join_all;
use proctor_testkit::ServerProcess;
use proctor_testkit::redis::Server;
use proctor_testkit::wait_for_async;
use proctord::catalog::redis::RedisCatalog;
use proctord::catalog::{Catalog, CatalogError};

use super::catalog::{catalog_of, open, settings};
use crate::catalog::procs::{a_proc, name};
use crate::catalog::shelf::KEYS;

/// Patience is 5 s; the rest is what a busy machine may add.
const BOUND: Duration = Duration::from_secs(15);

/// What each method says.
async fn all_errors(catalog: &RedisCatalog) -> Vec<CatalogError> {
    let (hello, token) = (name("say-hello"), "TOKEN".parse().unwrap());
    let procs = [a_proc("say-hello")];
    let secrets = || [("TOKEN".parse().unwrap(), "c4n4ry-value".into())].into();
    let errors = futures::join!(
        async { catalog.publish(&procs).await.err() },
        async { catalog.proc(&hello).await.err() },
        async { catalog.procs().await.err() },
        async {
            catalog
                .set_secret(&hello, &token, "c4n4ry-value".into())
                .await
                .err()
        },
        async { catalog.replace_secrets(&hello, secrets()).await.err() },
        async { catalog.remove_secret(&hello, &token).await.err() },
        async { catalog.secret_names(&hello).await.err() },
        async { catalog.secrets(&hello).await.err() },
        async { catalog.bundle("sha256:01").await.err() },
        async { catalog.check().await.err() },
    );
    let (a, b, c, d, e, f, g, h, i, j) = errors;
    [a, b, c, d, e, f, g, h, i, j].map(Option::unwrap).into()
}

async fn all_are_unavailable(catalog: &RedisCatalog) {
    let begin = Instant::now();
    for error in all_errors(catalog).await {
        assert!(
            matches!(error, CatalogError::Unavailable { .. }),
            "{error:?}"
        );
        assert!(!format!("{error:?}").contains("c4n4ry"), "{error:?}");
    }
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
}

/// Whether the catalog answers now, as it would for `/readyz`.
pub async fn recovered(catalog: &RedisCatalog) {
    wait_for_async("the catalog to answer again", async || {
        catalog.check().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_and_a_killed_server_are_told_and_found_again() {
    let server = Server::start();
    let catalog = catalog_of(&server);
    catalog.publish(&[a_proc("say-hello")]).await.unwrap();
    let gone: [fn(&ServerProcess); 2] = [ServerProcess::stop, ServerProcess::kill];

    for end in gone {
        end(&server);
        all_are_unavailable(&catalog).await;
        server.start_again();
        recovered(&catalog).await;
        assert_eq!(catalog.procs().await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_can_be_made_while_redis_is_away() {
    let server = Server::start();
    server.stop();
    let catalog = catalog_of(&server);
    all_are_unavailable(&catalog).await;

    server.start_again();

    recovered(&catalog).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_given_up_in_bounded_time() {
    let server = Server::start();
    let catalog = catalog_of(&server);
    catalog.publish(&[a_proc("say-hello")]).await.unwrap();

    server.pause();
    all_are_unavailable(&catalog).await;
    server.resume();

    recovered(&catalog).await;
    assert_eq!(catalog.procs().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_places_are_shared_by_many_requests() {
    let server = Server::start();
    let mut few = settings(&server, 0);
    few.max_in_flight = std::num::NonZeroU32::new(2);
    let catalog = open(few, KEYS);
    let (hello, names): (_, Vec<_>) = (name("say-hello"), (0..50).collect());

    let sets = names.iter().map(|number| {
        let secret = format!("S{number}").parse().unwrap();
        let (catalog, hello) = (&catalog, &hello);
        async move { catalog.set_secret(hello, &secret, "value".into()).await }
    });
    for set in join_all(sets).await {
        set.unwrap();
    }

    assert_eq!(catalog.secret_names(&hello).await.unwrap().len(), 50);
    server.pause();
    all_are_unavailable(&catalog).await;
    server.resume();
    recovered(&catalog).await;
}
