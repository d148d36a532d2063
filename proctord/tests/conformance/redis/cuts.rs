//! Connections that are cut, while nobody looks and in the middle of things.

use proctor_testkit::redis::Server;
use proctord::catalog::{Catalog, CatalogError};
use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::catalog::catalog_of;
use super::outage::recovered;
use crate::catalog::procs::{a_proc, name};

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
async fn connections_that_are_cut_all_the_time_leave_nothing_half_written() {
    let server = Server::start();
    let (catalog, hello) = (catalog_of(&server), name("a"));
    let (rounds, mut begun) = watch::channel(0);
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
            rounds.send_replace(round);
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
        drop(rounds);
        last_told
    };
    // Once in each round, wherever that is then.
    let cuts = async {
        while begun.changed().await.is_ok() {
            tokio::task::block_in_place(|| database.cli(&["CLIENT", "KILL", "TYPE", "normal"]));
        }
    };
    let (last_told, ()) = tokio::join!(writes, cuts);

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
