use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::{KeysError, SealingError, SecretKeys};
use crate::domain::name::{ProcName, VariableName};

fn keys(named: &[(&str, u8)]) -> SecretKeys {
    let written: Vec<_> = named
        .iter()
        .map(|(id, byte)| format!("{id}:{}", STANDARD.encode([*byte; 32])))
        .collect();
    SecretKeys::parse(&written.join(",")).unwrap()
}

fn place() -> (ProcName, VariableName) {
    ("say-hello".parse().unwrap(), "TOKEN".parse().unwrap())
}

#[test]
fn the_first_key_seals_and_any_key_opens() {
    let (proc_name, name) = place();
    let value = SecretString::from("s3cr3t-väl");
    let sealed = keys(&[("old", 1)]).seal(&proc_name, &name, &value).unwrap();

    let rotated = keys(&[("new", 2), ("old", 1)]);

    let opened = rotated.open(&proc_name, &name, &sealed).unwrap();
    assert_eq!(opened.expose_secret(), value.expose_secret());
    let again = rotated.seal(&proc_name, &name, &value).unwrap();
    assert_eq!(
        (sealed.key_id.as_str(), again.key_id.as_str()),
        ("old", "new")
    );
}

#[test]
fn the_same_value_never_seals_to_the_same_bytes() {
    let (proc_name, name) = place();
    let value = SecretString::from("same");
    let keys = keys(&[("k", 1)]);

    let one = keys.seal(&proc_name, &name, &value).unwrap();
    let two = keys.seal(&proc_name, &name, &value).unwrap();

    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.ciphertext, two.ciphertext);
}

#[test]
fn what_was_changed_or_moved_or_sealed_by_another_key_does_not_open() {
    let (proc_name, name) = place();
    let good = keys(&[("k", 1)]);
    let sealed = good.seal(&proc_name, &name, &"value".into()).unwrap();
    let other: VariableName = "OTHER".parse().unwrap();
    let mut changed = sealed.clone();
    changed.ciphertext[0] ^= 1;
    let mut cut = sealed.clone();
    cut.nonce.pop();

    let refused = SealingError::Refused("k".into());
    let open = |keys: &SecretKeys, sealed| keys.open(&proc_name, &name, sealed).unwrap_err();
    assert_eq!(open(&good, &changed), refused);
    assert_eq!(open(&good, &cut), refused);
    assert_eq!(open(&keys(&[("k", 2)]), &sealed), refused);
    assert_eq!(
        open(&keys(&[("z", 1)]), &sealed),
        SealingError::UnknownKey("k".into())
    );
    assert_eq!(good.open(&proc_name, &other, &sealed).unwrap_err(), refused);
}

#[test]
fn wrong_texts_are_told_without_their_keys() {
    let key = STANDARD.encode([7; 32]);
    for (text, expected) in [
        (
            String::new(),
            "there is no key; one is written as `name:base64`",
        ),
        (
            key.clone(),
            "key 1 has no name; it is written as `name:base64`",
        ),
        (
            format!("a b:{key}"),
            "the name of key 1 must have 1 to 64 letters, digits, `.`, `_` or `-`",
        ),
        (
            format!("a:{}", &key[4..]),
            "key `a` must be 32 bytes in base64",
        ),
        (format!("a:{key},a:{key}"), "there are two keys `a`"),
    ] {
        let error = SecretKeys::parse(&text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let shown = format!("{:?}", SecretKeys::parse(&format!("a:{key}")).unwrap());
    assert_eq!(shown, r#"["a"]"#);
}

#[test]
fn the_file_of_keys_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let (proc_name, name) = place();

    let made = SecretKeys::load_or_create(&path).unwrap();
    let sealed = made.seal(&proc_name, &name, &"value".into()).unwrap();
    let read = SecretKeys::load_or_create(&path).unwrap();

    assert!(read.open(&proc_name, &name, &sealed).is_ok());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn many_who_make_the_file_at_once_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");

    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| format!("{:?}", SecretKeys::load_or_create(&path).unwrap())))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });

    assert!(made.iter().all(|keys| *keys == made[0]), "{made:?}");
}

#[test]
fn a_file_of_keys_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    SecretKeys::load_or_create(&path).unwrap();

    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();

    assert!(matches!(
        SecretKeys::load_or_create(&path),
        Err(KeysError::Exposed { .. })
    ));
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, "nothing").unwrap();
    let error = SecretKeys::load_or_create(&path).unwrap_err();
    assert!(matches!(error, KeysError::Contents { .. }), "{error}");
}
