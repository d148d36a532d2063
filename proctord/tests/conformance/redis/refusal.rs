//! Redis answers and refuses: it is a replica, or full. Nothing is written by halves.

use proctor_testkit::redis::Server;
use proctord::catalog::{Catalog, CatalogError};
use secrecy::ExposeSecret;

use super::catalog::catalog_of;
use crate::catalog::procs::{a_proc, name};

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
