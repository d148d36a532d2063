//! TLS: the server is who it says it is, or nothing is said to it.

use std::path::PathBuf;

use proctor_testkit::Authority;
use proctor_testkit::redis::Server;
use proctord::catalog::redis::{RedisCatalog, RedisSettings, RedisTls};
use proctord::catalog::sealing::SecretKeys;
use proctord::catalog::{Catalog, CatalogError};

use super::catalog::{open, settings};
use crate::catalog::procs::a_proc;
use crate::catalog::shelf::KEYS;

fn trusting(server: &Server, ca_file: Option<PathBuf>) -> RedisSettings {
    let mut settings = settings(server, 0);
    settings.tls = Some(RedisTls { ca_file });
    settings
}

async fn refused(settings: RedisSettings) -> String {
    let error = open(settings, KEYS).check().await.unwrap_err();
    assert!(
        matches!(error, CatalogError::Unavailable { .. }),
        "{error:?}"
    );
    format!("{error:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_trusted_by_its_authority_and_not_without() {
    let (ours, foreign) = (Authority::new(), Authority::new());
    let server = Server::builder().tls(&ours.certify(&["127.0.0.1"])).start();

    let catalog = open(trusting(&server, Some(ours.path())), KEYS);
    catalog.publish(&[a_proc("say-hello")]).await.unwrap();
    assert_eq!(catalog.procs().await.unwrap().len(), 1);

    for ca_file in [Some(foreign.path()), None] {
        let told = refused(trusting(&server, ca_file)).await;
        assert!(told.contains("invalid peer certificate"), "{told}");
    }
    // Without TLS nobody is understood there.
    let told = refused(settings(&server, 0)).await;
    assert!(!told.contains(server.password().unwrap()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_host_is_refused() {
    let authority = Authority::new();
    let server = Server::builder()
        .tls(&authority.certify(&["elsewhere"]))
        .start();

    let told = refused(trusting(&server, Some(authority.path()))).await;

    assert!(told.contains("not valid for name"), "{told}");
}

#[test]
fn a_file_without_certificates_is_told_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, missing) = (
        folder.path().join("empty.pem"),
        folder.path().join("missing.pem"),
    );
    std::fs::write(&empty, "no certificate").unwrap();
    let server = Server::shared();

    for (file, word) in [
        (empty, "holds no certificates"),
        (missing, "cannot be read"),
    ] {
        let keys = SecretKeys::parse(KEYS).unwrap();
        let made = RedisCatalog::new(trusting(server, Some(file.clone())), keys);
        let told = made.err().unwrap().to_string();
        assert!(
            told.contains(word) && told.contains(&file.display().to_string()),
            "{told}"
        );
    }
}
