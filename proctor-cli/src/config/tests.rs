use std::path::Path;
use std::time::Duration;

use super::{ConfigError, Settings, file::FileSettings, merge};

fn settings(environment: &[(&str, &str)], file: Option<&str>) -> Result<Settings, ConfigError> {
    let file = file.map(|text| FileSettings::parse(text, Path::new("proctor.yaml")).unwrap());
    merge(
        |key| {
            environment
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| (*value).to_owned())
        },
        file.as_ref(),
        Path::new("/somewhere/proctor.yaml"),
    )
}

#[test]
fn the_environment_alone_is_enough() {
    let settings = settings(
        &[
            ("PROCTOR_HOST", "proctor.example:8080"),
            ("ACCESS_TOKEN", "a=b"),
        ],
        None,
    )
    .unwrap();

    assert_eq!(settings.host.to_string(), "proctor.example:8080");
    assert_eq!(settings.token.expose(), "a=b");
    assert_eq!(settings.timeout, Duration::from_secs(10));
}

#[test]
fn the_environment_goes_before_the_file_and_the_file_before_the_default() {
    let settings = settings(
        &[("EMAIL_ID", "env@example.org")],
        Some(
            "PROCTOR_HOST: file.example\nEMAIL_ID: file@example.org\nCONNECTION_TIMEOUT_SECS: 3\n",
        ),
    )
    .unwrap();

    assert_eq!(settings.host.to_string(), "file.example");
    assert_eq!(settings.email, "env@example.org");
    assert_eq!(settings.timeout, Duration::from_secs(3));
    assert_eq!(settings.reconnect, Duration::from_secs(60));
}

#[test]
fn a_missing_host_is_told_by_what_is_missing() {
    let no_file = settings(&[], None).unwrap_err().to_string();
    assert!(
        no_file.starts_with("Config file not found in /somewhere/proctor.yaml\n"),
        "{no_file}"
    );

    let no_host = settings(&[], Some("EMAIL_ID: a@b\n"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        no_host,
        "Config Error!!!\nMandatory config PROCTOR_HOST is missing in Proctor Config file."
    );
}

#[test]
fn a_value_that_cannot_be_meant_names_its_key() {
    for (key, value) in [
        ("CONNECTION_TIMEOUT_SECS", "soon"),
        ("EMAIL_ID", "a\r\nAccess-Token: x"),
        ("PROCTOR_HOST", "ftp://proctor.example"),
    ] {
        let error = settings(&[(key, value), ("PROCTOR_HOST", "proctor.example")], None)
            .unwrap_err()
            .to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn a_token_is_never_shown() {
    let settings = settings(&[("PROCTOR_HOST", "h"), ("ACCESS_TOKEN", "hunter2")], None).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}
