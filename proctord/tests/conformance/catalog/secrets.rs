//! Secrets: set, replaced, sealed.

use std::collections::BTreeMap;

use proctord::catalog::{Catalog, CatalogError};
use proctord::domain::environment::Secrets;
use proctord::domain::name::{ExecutionName, ProcName, VariableName};
use secrecy::ExposeSecret;

use super::procs::name;
use super::shelf::{OTHER_KEYS, ROTATED_KEYS, Shelf};

const CANARY: &str = "c4n4ry-0f-4-s3cr3t-that-must-never-be-seen";

fn variable(name: &str) -> VariableName {
    name.parse().unwrap()
}

/// The secrets of a proc in the clear.
pub async fn exposed(catalog: &dyn Catalog, proc_name: &ProcName) -> BTreeMap<String, String> {
    let secrets = catalog.secrets(proc_name).await.unwrap();
    let exposed = secrets
        .into_iter()
        .map(|(name, value)| (name.to_string(), value.expose_secret().to_owned()));
    exposed.collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    owned.collect()
}

pub async fn secrets_are_set_one_by_one_and_replaced_together(shelf: impl Shelf) {
    let (catalog, hello, other) = (shelf.catalog(), name("say-hello"), name("other"));
    for (proc_name, secret, value) in [
        (&hello, "A", "1"),
        (&hello, "B", "2"),
        (&hello, "A", "3"),
        (&other, "A", "4"),
    ] {
        catalog
            .set_secret(proc_name, &variable(secret), value.into())
            .await
            .unwrap();
    }
    assert_eq!(
        exposed(catalog, &hello).await,
        pairs(&[("A", "3"), ("B", "2")])
    );

    let new = Secrets::from([(variable("C"), "".into()), (variable("B"), "ü".into())]);
    catalog.replace_secrets(&hello, new).await.unwrap();

    assert_eq!(
        exposed(catalog, &hello).await,
        pairs(&[("B", "ü"), ("C", "")])
    );
    let names = catalog.secret_names(&hello).await.unwrap();
    assert_eq!(names, [variable("B"), variable("C")].into());
    assert_eq!(exposed(catalog, &other).await, pairs(&[("A", "4")]));
    catalog
        .replace_secrets(&hello, Secrets::new())
        .await
        .unwrap();
    assert!(exposed(catalog, &hello).await.is_empty());
}

pub async fn a_removed_secret_is_gone_alone_and_once(shelf: impl Shelf) {
    let (catalog, hello, other) = (shelf.catalog(), name("say-hello"), name("other"));
    for (proc_name, secret) in [(&hello, "A"), (&hello, "B"), (&other, "A")] {
        catalog
            .set_secret(proc_name, &variable(secret), "1".into())
            .await
            .unwrap();
    }
    let remove = async || catalog.remove_secret(&hello, &variable("A")).await.unwrap();

    assert_eq!((remove().await, remove().await), (true, false));

    assert_eq!(exposed(catalog, &hello).await, pairs(&[("B", "1")]));
    assert_eq!(exposed(catalog, &other).await, pairs(&[("A", "1")]));
}

pub async fn secrets_may_be_set_before_their_proc_is_published(shelf: impl Shelf) {
    let (catalog, hello) = (shelf.catalog(), name("say-hello"));
    assert!(catalog.secrets(&hello).await.unwrap().is_empty());

    catalog
        .set_secret(&hello, &variable("A"), "1".into())
        .await
        .unwrap();

    assert_eq!(catalog.proc(&hello).await.unwrap(), None);
    assert_eq!(exposed(catalog, &hello).await, pairs(&[("A", "1")]));
}

pub async fn two_who_set_different_secrets_at_once_both_succeed(shelf: impl Shelf) {
    let (catalog, hello) = (shelf.catalog(), name("say-hello"));
    let set = async |prefix: &str| {
        for number in 0..10 {
            let secret = variable(&format!("{prefix}{number}"));
            catalog
                .set_secret(&hello, &secret, "value".into())
                .await
                .unwrap();
        }
    };

    futures::join!(set("A"), set("B"));

    assert_eq!(catalog.secret_names(&hello).await.unwrap().len(), 20);
}

pub async fn no_byte_of_a_secret_is_stored_in_the_clear(shelf: impl Shelf) {
    let (catalog, hello) = (shelf.catalog(), name("say-hello"));
    catalog
        .set_secret(&hello, &variable("A"), CANARY.into())
        .await
        .unwrap();
    let secrets = Secrets::from([(variable("B"), CANARY.into())]);
    catalog.replace_secrets(&hello, secrets).await.unwrap();

    let stored = shelf.raw_bytes().await;

    let holds = |part: &[u8]| stored.windows(part.len()).any(|bytes| bytes == part);
    assert!(
        holds(b"say-hello"),
        "the bytes looked at are not those stored"
    );
    for part in CANARY.as_bytes().windows(12) {
        assert!(!holds(part));
    }
}

pub async fn another_key_does_not_open_what_is_stored(shelf: impl Shelf) {
    let hello = name("say-hello");
    shelf
        .catalog()
        .set_secret(&hello, &variable("TOKEN"), CANARY.into())
        .await
        .unwrap();

    let shelf = shelf.reopened(OTHER_KEYS).await;

    let error = shelf.catalog().secrets(&hello).await.unwrap_err();
    let CatalogError::Damaged {
        what,
        source: Some(source),
    } = &error
    else {
        panic!("{error:?} does not say what is damaged")
    };
    assert_eq!(what, "secret TOKEN of proc say-hello");
    assert!(
        source
            .to_string()
            .contains("does not open with the key `one`"),
        "{source}"
    );
    assert!(!format!("{error:?}").contains(CANARY));
    assert_eq!(shelf.catalog().secret_names(&hello).await.unwrap().len(), 1);
}

pub async fn after_a_rotation_older_secrets_still_open(shelf: impl Shelf) {
    let hello = name("say-hello");
    shelf
        .catalog()
        .set_secret(&hello, &variable("OLD"), "1".into())
        .await
        .unwrap();

    let shelf = shelf.reopened(ROTATED_KEYS).await;
    shelf
        .catalog()
        .set_secret(&hello, &variable("NEW"), "2".into())
        .await
        .unwrap();

    assert_eq!(
        exposed(shelf.catalog(), &hello).await,
        pairs(&[("NEW", "2"), ("OLD", "1")])
    );
}

pub async fn what_is_sealed_for_an_execution_opens_for_it_alone(shelf: impl Shelf) {
    let (one, other) = (ExecutionName::generate(), ExecutionName::generate());
    let secrets = Secrets::from([
        (variable("A"), CANARY.into()),
        (variable("B"), "two\nlines \"ü\"".into()),
    ]);

    let sealed = shelf.catalog().seal(&one, &secrets).unwrap();
    let foreign = shelf.catalog().open(&other, &sealed);
    let cut = shelf.catalog().open(&one, &sealed[..sealed.len() - 1]);
    let shelf = shelf.reopened(ROTATED_KEYS).await;
    let opened = shelf.catalog().open(&one, &sealed).unwrap();

    for error in [foreign, cut].map(Result::unwrap_err) {
        assert!(matches!(error, CatalogError::Damaged { .. }), "{error:?}");
    }
    let exposed = |secrets: &Secrets| -> Vec<_> {
        let pairs = secrets.iter();
        let pairs = pairs.map(|(name, value)| (name.to_string(), value.expose_secret().to_owned()));
        pairs.collect()
    };
    assert_eq!(exposed(&opened), exposed(&secrets));
    let text = String::from_utf8_lossy(&sealed);
    assert!(!text.contains(CANARY) && !text.contains("two"), "{text}");
}
