//! Redis is away, silent, full, or a replica. Every answer comes in bounded time and tells what is the matter, and
//! everything goes on by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use proctor_testkit::redis::Server;
use proctor_testkit::wait_for_async;
use proctord::catalog::redis::RedisCatalog;
use proctord::catalog::{Catalog, CatalogError};
use secrecy::ExposeSecret;

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
async fn recovered(catalog: &RedisCatalog) {
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
    let gone: [fn(&Server); 2] = [Server::stop, Server::kill];

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
async fn a_connection_that_was_cut_unnoticed_costs_nobody_anything() {
    let server = Server::start();
    let (catalog, hello) = (catalog_of(&server), name("say-hello"));
    let cut = || {
        let killed = server
            .first_database()
            .cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        assert_ne!(killed, "0");
    };
    let set = async |secret: &str| {
        let secret = secret.parse().unwrap();
        catalog
            .set_secret(&hello, &secret, "value".into())
            .await
            .unwrap();
    };

    set("A").await;
    cut();
    set("B").await;
    cut();
    assert_eq!(catalog.secret_names(&hello).await.unwrap().len(), 2);
    cut();
    // What tells what it has changed is not simply sent again.
    assert!(
        catalog
            .remove_secret(&hello, &"A".parse().unwrap())
            .await
            .unwrap()
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_read_and_not_written_to_until_it_is_a_master() {
    let server = Server::start();
    let catalog = catalog_of(&server);
    catalog.publish(&[a_proc("say-hello")]).await.unwrap();
    // Nobody is at that port: it keeps what it has and waits.
    assert_eq!(
        server
            .first_database()
            .cli(&["REPLICAOF", "127.0.0.1", "1"]),
        "OK"
    );

    let error = catalog.publish(&[a_proc("other")]).await.unwrap_err();
    assert!(
        matches!(error, CatalogError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(format!("{error:?}").contains("ReadOnly"), "{error:?}");
    assert_eq!(catalog.procs().await.unwrap().len(), 1);

    assert_eq!(
        server.first_database().cli(&["REPLICAOF", "NO", "ONE"]),
        "OK"
    );
    catalog.publish(&[a_proc("other")]).await.unwrap();
    assert_eq!(catalog.procs().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_refuses_whole_requests_and_lets_things_be_removed() {
    let server = Server::start();
    let (catalog, hello) = (catalog_of(&server), name("say-hello"));
    catalog.publish(&[a_proc("say-hello")]).await.unwrap();
    let (a, b) = ("A".parse().unwrap(), "B".parse().unwrap());
    catalog
        .set_secret(&hello, &a, "before".into())
        .await
        .unwrap();
    let configure = |value| {
        let set = server
            .first_database()
            .cli(&["CONFIG", "SET", "maxmemory", value]);
        assert_eq!(set, "OK");
    };
    configure("1");

    let secrets = [(b, "after".into())].into();
    let refused = [
        catalog.publish(&[a_proc("x"), a_proc("y")]).await,
        catalog.set_secret(&hello, &a, "after".into()).await,
        catalog.replace_secrets(&hello, secrets).await,
        catalog
            .put_bundle("sha256:01", vec![7; 1 << 20].into())
            .await,
    ];
    for answer in refused.map(Result::unwrap_err) {
        assert!(matches!(answer, CatalogError::Full { .. }), "{answer:?}");
    }
    assert_eq!(catalog.procs().await.unwrap().len(), 1);
    let left = catalog.secrets(&hello).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[&a].expose_secret(), "before");
    assert!(catalog.remove_secret(&hello, &a).await.unwrap());

    configure("0");
    catalog.publish(&[a_proc("x")]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_all_the_time_leave_nothing_half_written() {
    let server = Server::start();
    let (catalog, hello) = (catalog_of(&server), name("a"));
    let written = AtomicBool::new(false);
    let database = server.first_database();
    let publish = async |author: &str| {
        let mut procs = ["a", "b", "c"].map(a_proc);
        for (_, metadata) in &mut procs {
            metadata.author = author.into();
        }
        catalog.publish(&procs).await
    };
    publish("0").await.unwrap();

    let writes = async {
        let mut last_told = 0;
        for round in 1..25 {
            let pairs = ["A", "B"].map(|name| (name.parse().unwrap(), round.to_string().into()));
            let replaced = catalog.replace_secrets(&hello, pairs.into()).await;
            match publish(&round.to_string()).await.and(replaced) {
                Ok(()) => last_told = round,
                Err(error) => assert!(
                    matches!(error, CatalogError::Unavailable { .. }),
                    "{error:?}"
                ),
            }
        }
        written.store(true, Ordering::Relaxed);
        last_told
    };
    let (last_told, ()) = tokio::join!(writes, async {
        while !written.load(Ordering::Relaxed) {
            tokio::task::block_in_place(|| database.cli(&["CLIENT", "KILL", "TYPE", "normal"]));
            tokio::task::yield_now().await;
        }
    });

    recovered(&catalog).await;
    let authors: Vec<u32> = catalog
        .procs()
        .await
        .unwrap()
        .iter()
        .map(|proc| proc.author.parse().unwrap())
        .collect();
    assert_eq!(authors.len(), 3);
    assert!(
        authors.iter().all(|author| *author == authors[0]),
        "{authors:?}"
    );
    assert!(
        last_told > 0 && authors[0] >= last_told,
        "{authors:?} {last_told}"
    );
    let secrets = catalog.secrets(&hello).await.unwrap();
    let values: Vec<_> = secrets
        .values()
        .map(|value| value.expose_secret())
        .collect();
    assert!(values.len() == 2 && values[0] == values[1], "{values:?}");
}
