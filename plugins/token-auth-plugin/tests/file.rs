//! Who has which token, by files as people write them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::fs;
use std::path::Path;

use argon2::{Argon2, PasswordHasher};
use proctor_plugin::{Auth, Credentials, User};
use token_auth_plugin::TokenAuth;

/// What a file costs to compare with; the real cost would only make the test slow.
fn hash(token: &str) -> String {
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(token.as_bytes()).unwrap().to_string()
}

fn file(text: &str) -> (tempfile::TempDir, TokenAuth) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.toml");
    fs::write(&path, text).unwrap();
    let plugin = TokenAuth::reading(path).unwrap();
    (folder, plugin)
}

fn two_users() -> String {
    format!(
        r#"
        [[user]]
        email = "Ada@example.org"
        name = "Ada"
        groups = ["ops", "db"]
        tokens = [{{ id = "k1", hash = "{}" }}, {{ hash = "{}" }}]

        [[user]]
        email = "eve@example.org"
        active = false
        tokens = [{{ id = "k2", hash = "{}" }}]
        "#,
        hash("proctor_k1_right"),
        hash("chosen by hand"),
        hash("proctor_k2_right"),
    )
}

fn asks(plugin: &TokenAuth, token: &str, email: Option<&str>) -> Option<User> {
    let credentials = Credentials {
        email: email.map(ToOwned::to_owned),
        token: token.to_owned(),
    };
    plugin.authenticate(&credentials).unwrap()
}

#[test]
fn a_token_says_who_somebody_is() {
    let (_folder, plugin) = file(&two_users());

    let ada = asks(&plugin, "proctor_k1_right", None).unwrap();
    assert_eq!(
        (&*ada.email, &*ada.name, ada.active),
        ("Ada@example.org", "Ada", true)
    );
    assert_eq!(ada.groups, ["ops", "db"]);
    // Whether the address is theirs is compared by the service, for every plugin.
    assert_eq!(
        asks(&plugin, "proctor_k1_right", Some("eve@example.org")),
        Some(ada.clone())
    );
    assert_eq!(
        asks(&plugin, "chosen by hand", Some("ada@EXAMPLE.org")),
        Some(ada)
    );
    assert!(!asks(&plugin, "proctor_k2_right", None).unwrap().active);
}

#[test]
fn whatever_else_says_nothing() {
    let (_folder, plugin) = file(&two_users());

    for (token, email) in [
        ("proctor_k1_wrong", None),
        ("proctor_k2_right ", None),
        ("proctor_k3_right", None),
        ("proctor_k3_right", Some("ada@example.org")),
        ("chosen by hand", None),
        ("chosen by hand", Some("eve@example.org")),
        ("chosen by hand", Some("nobody@example.org")),
        ("", Some("ada@example.org")),
    ] {
        assert_eq!(asks(&plugin, token, email), None, "{token} {email:?}");
    }
}

#[test]
fn users_are_looked_up_by_their_address() {
    let (_folder, plugin) = file(&two_users());

    assert_eq!(
        plugin.lookup("ADA@example.org").unwrap().unwrap().groups,
        ["ops", "db"]
    );
    assert_eq!(plugin.lookup("nobody@example.org").unwrap(), None);
}

#[test]
fn an_empty_file_means_nobody() {
    let (_folder, plugin) = file("");

    assert_eq!(asks(&plugin, "proctor_k1_right", None), None);
}

#[test]
fn a_change_of_the_file_counts_at_once_and_a_broken_one_changes_nothing() {
    let (folder, plugin) = file("");
    let path = folder.path().join("users.toml");

    replace(&path, &two_users());
    assert!(asks(&plugin, "proctor_k1_right", None).is_some());

    replace(&path, "[[user]]\nemail = ");
    assert!(asks(&plugin, "proctor_k1_right", None).is_some());
    fs::remove_file(&path).unwrap();
    assert!(asks(&plugin, "proctor_k1_right", None).is_some());

    replace(&path, &two_users().replace("k1", "k9"));
    assert_eq!(asks(&plugin, "proctor_k1_right", None), None);
}

/// As editors do.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

#[test]
fn all_mistakes_are_told_with_their_places() {
    let text = r#"
        [[user]]
        email = "ada@example.org"
        tokens = [{ id = "k1", hash = "in clear" }]
        [[user]]
        email = "Ada@example.org"
        [[user]]
        email = " "
    "#;
    let refused = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        fs::write(&path, text).unwrap();
        TokenAuth::reading(path).err().unwrap().to_string()
    };

    let told = refused(text);

    for part in [
        "users.toml: ",
        "user 1: the hash",
        "user 2: Ada@example.org is there twice",
        "user 3: email is empty",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("in clear"), "{told}");
    let misspelt = refused("[[user]]\nemial = 'x' # quoted");
    assert!(
        misspelt.contains("line 2: unknown field …, expected one of `email`")
            && !misspelt.contains("quoted"),
        "{misspelt}"
    );
    let missing = TokenAuth::reading("/nowhere/users.toml".into())
        .err()
        .unwrap();
    assert!(
        missing
            .to_string()
            .starts_with("/nowhere/users.toml cannot be read")
    );
}
