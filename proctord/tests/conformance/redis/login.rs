//! Who may do what: passwords, users, database numbers.

use proctor_testkit::redis::Server;
use proctord::catalog::redis::RedisLogin;
use proctord::catalog::{Catalog, CatalogError, SecretsOfProc};

use super::catalog::{catalog_of, open, settings};
use crate::catalog::procs::{a_proc, name};
use crate::catalog::shelf::{KEYS, ROTATED_KEYS};

/// What docs/ARCHITECTURE.md gives the user of proctord.
fn documented_permissions() -> String {
    let page = include_str!("../../../../docs/ARCHITECTURE.md");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("user proctor on >PASSWORD "));
    line.expect("the page has the line of the ACL file")
        .to_owned()
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_told_and_never_shown() {
    let server = Server::builder().password("r1ght-p4ssw0rd").start();
    for password in [Some("wr0ng-p4ssw0rd"), None] {
        let mut settings = settings(&server, 0);
        settings.login.password = password.map(Into::into);
        let catalog = open(settings.clone(), KEYS);

        let error = catalog.check().await.unwrap_err();

        assert!(
            matches!(error, CatalogError::Unavailable { .. }),
            "{error:?}"
        );
        let shown = format!("{error:?} {settings:?}");
        assert!(!shown.contains("p4ssw0rd"), "{shown}");
        let reason = if password.is_some() {
            "authentication failed"
        } else {
            "NOAUTH"
        };
        assert!(shown.contains(reason), "{shown}");
    }
    catalog_of(&server).check().await.unwrap();
}

#[tokio::test]
async fn a_user_needs_the_documented_permissions_and_no_more() {
    let server = Server::builder()
        .setting(&format!("user proctor on >pw {}", documented_permissions()))
        .start();
    let mut settings = settings(&server, 0);
    settings.login = RedisLogin {
        user: Some("proctor".into()),
        password: Some("pw".into()),
    };
    let catalog = open(settings.clone(), KEYS);
    let (hello, token) = (name("say-hello"), "TOKEN".parse().unwrap());

    catalog
        .publish(&[a_proc("say-hello"), a_proc("other")])
        .await
        .unwrap();
    assert!(catalog.proc(&hello).await.unwrap().is_some());
    assert_eq!(catalog.procs().await.unwrap().len(), 2);
    catalog
        .set_secret(&hello, &token, "value".into())
        .await
        .unwrap();
    assert_eq!(catalog.secret_names(&hello).await.unwrap().len(), 1);
    assert_eq!(catalog.secrets(&hello).await.unwrap().len(), 1);
    let secrets = catalog.secrets(&hello).await.unwrap();
    catalog.replace_secrets(&hello, secrets).await.unwrap();
    let rotation = open(settings, ROTATED_KEYS).rotate().await.unwrap();
    assert_eq!(rotation.resealed, 1, "{rotation:?}");
    assert!(catalog.remove_secret(&hello, &token).await.unwrap());
    assert!(catalog.unpublish(&hello, SecretsOfProc::Go).await.unwrap());
    catalog
        .put_bundle("sha256:01", "bundle".into())
        .await
        .unwrap();
    assert!(catalog.bundle("sha256:01").await.unwrap().is_some());
    catalog.check().await.unwrap();
}

#[tokio::test]
async fn a_user_who_may_not_do_something_is_told_what() {
    let server = Server::builder()
        .setting("user reader on >pw ~proctor:3:* +scard +get")
        .start();
    let mut settings = settings(&server, 0);
    settings.login = RedisLogin {
        user: Some("reader".into()),
        password: Some("pw".into()),
    };
    let catalog = open(settings, KEYS);

    catalog.check().await.unwrap();
    let error = catalog.publish(&[a_proc("say-hello")]).await.unwrap_err();

    let shown = format!("{error:?}");
    assert!(matches!(error, CatalogError::Unavailable { .. }), "{shown}");
    assert!(
        shown.contains("NoPerm") && shown.contains("eval"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_database_number_is_a_catalog_of_its_own() {
    let server = Server::start();
    let (zero, seven) = (catalog_of(&server), open(settings(&server, 7), KEYS));

    seven.publish(&[a_proc("say-hello")]).await.unwrap();

    assert_eq!(zero.procs().await.unwrap().len(), 0);
    assert_eq!(seven.procs().await.unwrap().len(), 1);
    let beyond = open(settings(&server, 4096), KEYS)
        .check()
        .await
        .unwrap_err();
    assert!(
        format!("{beyond:?}").contains("switch database"),
        "{beyond:?}"
    );
}
