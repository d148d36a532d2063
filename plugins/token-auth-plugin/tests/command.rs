//! What `proctord plugins token` makes is what the plugin reads.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::fs;
use std::process::{Command, Output};

use proctor_plugin::{Auth, Credentials, User};
use proctor_testkit::binary;
use token_auth_plugin::TokenAuth;

fn make(words: &[&str]) -> Output {
    Command::new(binary("proctord"))
        .args(["plugins", "token"])
        .args(words)
        .env_clear()
        .output()
        .unwrap()
}

/// The entry for the file, and the token.
fn made(words: &[&str]) -> (String, String) {
    let ran = make(words);
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{said}");
    let token = said.trim_end().rsplit(' ').next().unwrap().to_owned();
    (String::from_utf8(ran.stdout).unwrap(), token)
}

fn ask(plugin: &TokenAuth, token: &str) -> Option<User> {
    let credentials = Credentials {
        email: None,
        token: token.to_owned(),
    };
    plugin.authenticate(&credentials).unwrap()
}

#[test]
fn entries_can_be_appended_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.toml");
    let (ada, token_of_ada) = made(&[
        "ada@example.org",
        "--name",
        r#"Ada "the first" \ o'L"#,
        "--group",
        "ops",
        "--group",
        "data base",
    ]);
    let (eve, token_of_eve) = made(&["eve@example.org"]);
    fs::write(&file, format!("{ada}{eve}")).unwrap();

    let plugin = TokenAuth::reading(file).unwrap();

    let user = ask(&plugin, &token_of_ada).unwrap();
    assert_eq!(user.email, "ada@example.org");
    assert_eq!(user.name, r#"Ada "the first" \ o'L"#);
    assert_eq!(user.groups, ["ops", "data base"]);
    assert!(user.active);
    assert_eq!(
        ask(&plugin, &token_of_eve).unwrap().email,
        "eve@example.org"
    );
    assert_eq!(ask(&plugin, &format!("{token_of_eve}x")), None);
    // The file does not tell the tokens.
    for token in [token_of_ada, token_of_eve] {
        let (_, secret) = token["proctor_".len()..].split_once('_').unwrap();
        assert!(!ada.contains(secret) && !eve.contains(secret));
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for words in [
        &[""][..],
        &["ada lovelace"],
        &["ada\n"],
        &["ada@example.org", "--group", "a\u{7f}"],
    ] {
        let ran = make(words);
        assert!(!ran.status.success(), "{words:?}");
        assert!(ran.stdout.is_empty(), "{words:?}");
    }
}
