//! Who is let in by the database, and which database we let ourselves be led to.

use proctor_testkit::postgres::Server;
use proctor_testkit::{Authority, Certificate};
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{Store, StoreError};
use sqlx::postgres::PgSslMode;

fn secured(certificate: &Certificate) -> Server {
    Server::builder().tls(certificate).start()
}

/// What a store that reaches the database like this says of it.
async fn checked(settings: &PostgresSettings) -> Result<(), String> {
    let store = PostgresStore::new(settings);
    let checked = store.check().await;
    store.close().await;
    checked.map_err(|error| match error {
        StoreError::Unavailable { source, .. } => source.to_string(),
        error => error.to_string(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_spoken_to_only_if_its_own_authority_vouches_for_it() {
    let (own, other) = (Authority::new(), Authority::new());
    let server = secured(&own.certify(&["127.0.0.1"]));
    let database = server.database();
    let plain: PostgresSettings = database.url().parse().unwrap();
    migrations::apply(&plain).await.unwrap();
    let with = |mode, authority: Option<&Authority>| {
        let mut settings = plain.clone();
        settings.options = settings.options.ssl_mode(mode);
        if let Some(authority) = authority {
            settings.options = settings.options.ssl_root_cert(authority.path());
        }
        settings
    };

    for mode in [PgSslMode::VerifyCa, PgSslMode::VerifyFull] {
        checked(&with(mode, Some(&own))).await.unwrap();
        for stranger in [Some(&other), None] {
            let refused = checked(&with(mode, stranger)).await.unwrap_err();
            assert!(refused.contains("certificate"), "{mode:?}: {refused}");
        }
    }
    checked(&with(PgSslMode::Require, None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_refused_in_full_verification_alone() {
    let authority = Authority::new();
    let server = secured(&authority.certify(&["elsewhere.example"]));
    let database = server.database();
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    migrations::apply(&settings).await.unwrap();
    settings.options = settings.options.ssl_root_cert(authority.path());

    settings.options = settings.options.ssl_mode(PgSslMode::VerifyCa);
    checked(&settings).await.unwrap();
    settings.options = settings.options.ssl_mode(PgSslMode::VerifyFull);
    let refused = checked(&settings).await.unwrap_err();

    assert!(refused.contains("certificate"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_without_it() {
    let database = Server::shared().database();
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    settings.options = settings.options.password("wrong-pass-phrase");

    let refused = checked(&settings).await.unwrap_err();

    assert!(
        refused.contains("password authentication failed"),
        "{refused}"
    );
    assert!(!refused.contains("wrong-pass-phrase"), "{refused}");
    assert!(!format!("{settings:?}").contains("wrong-pass-phrase"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let database = Server::shared().database();
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    settings.options = settings.options.ssl_mode(PgSslMode::Require);

    let refused = checked(&settings).await.unwrap_err();

    assert!(refused.to_lowercase().contains("tls"), "{refused}");
}
