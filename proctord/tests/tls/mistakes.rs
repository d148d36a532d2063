//! Certificates that cannot be used are told before anything is served, each with its file and what is wrong.

use std::fs;
use std::path::Path;

use proctor_testkit::{Authority, Certificate, Proctord};

use crate::support::{HERE, text};

/// What is told about this certificate, without its folder.
fn told(certificate: &Certificate) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ran = Proctord::at(folder.path())
        .env("PROCTOR_TLS_CERT_FILE", &text(&certificate.chain))
        .env("PROCTOR_TLS_KEY_FILE", &text(&certificate.key))
        .run(&["check-config", "--dev"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.text().contains("PROCTOR_TLS_CERT_FILE="), "{ran:?}");
    let place = format!("{}/", certificate.chain.parent().unwrap().display());
    ran.stderr.replace(&place, "")
}

#[test]
fn each_mistake_names_its_file() {
    let authority = Authority::new();
    let right = authority.certify(HERE);
    let other = authority.certify(HERE);
    let folder = right.chain.parent().unwrap();
    let with = |chain: &Path, key: &Path| Certificate {
        chain: chain.to_owned(),
        key: key.to_owned(),
        authority: authority.path(),
    };
    let file = |name: &str, content: &str| {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let nothing = file("nothing.pem", "");
    let torn = file("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let garbage = file(
        "garbage.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let locked = file(
        "locked.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let nowhere = folder.join("nowhere.pem");

    for (certificate, mistake) in [
        (
            with(&nowhere, &right.key),
            "nowhere.pem cannot be read: No such file",
        ),
        (
            with(&nothing, &right.key),
            "nothing.pem holds no certificate in PEM",
        ),
        (with(&torn, &right.key), "torn.pem is no proper PEM: "),
        (with(&garbage, &right.key), "garbage.pem and "),
        (
            with(&right.chain, &nothing),
            "nothing.pem holds no private key in PEM",
        ),
        (
            with(&right.chain, &right.chain),
            " holds no private key in PEM",
        ),
        (
            with(&right.chain, &locked),
            "the key in locked.pem is encrypted",
        ),
        (
            with(&right.chain, &other.key),
            "is not that of the first certificate in ",
        ),
    ] {
        let told = told(&certificate);
        assert!(told.contains(mistake), "{mistake:?} is not in {told}");
        assert!(
            told.contains("PROCTOR_TLS_CERT_FILE and PROCTOR_TLS_KEY_FILE: "),
            "{told}"
        );
    }
}

#[test]
fn one_without_the_other_stops_the_start() {
    let certificate = Authority::new().certify(HERE);
    for (set, missing) in [
        ("PROCTOR_TLS_CERT_FILE", "PROCTOR_TLS_KEY_FILE"),
        ("PROCTOR_TLS_KEY_FILE", "PROCTOR_TLS_CERT_FILE"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let builder = Proctord::at(&folder.path().join("data"));
        let (status, log) = builder.env(set, &text(&certificate.chain)).start_and_fail();
        assert!(!status.success());
        assert!(log.contains(&format!("{set} needs {missing}")), "{log}");
    }
}
