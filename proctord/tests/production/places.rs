//! Where the value of a secret could come to light: all that the servers keep, as text; and the forms that it could
//! be there in.

use std::process::Command;

use crate::site::Site;

/// The value is in this text in no form; and there is a text.
pub fn assert_absent(value: &str, place: &str, text: &str) {
    assert!(text.len() > 40, "{place} was looked at: {text}");
    for form in forms(value) {
        assert!(!text.contains(&form), "{form} is in {place}");
    }
}

/// Whether the value is in this text in some form.
pub fn is_in(value: &str, text: &str) -> bool {
    forms(value).iter().any(|form| text.contains(form))
}

/// The value as text, as hexadecimal digits and as base64 at each of the three places that it can begin at.
fn forms(value: &str) -> Vec<String> {
    use base64::Engine;
    let hexadecimal = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![value.to_owned(), hexadecimal];
    for before in 0..3 {
        let text = format!("{}{value}", "x".repeat(before));
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        // The first and the last characters depend on what stands beside it.
        forms.push(encoded[4..encoded.len() - 4].to_owned());
    }
    forms
}

/// All tables.
pub fn database(site: &Site) -> String {
    let dump = Command::new("pg_dump")
        .arg(site.postgres.url())
        .output()
        .expect("pg_dump can be run");
    assert!(dump.status.success(), "{dump:?}");
    String::from_utf8_lossy(&dump.stdout).into_owned()
}

/// Every key with what it holds, byte by byte.
pub fn redis(site: &Site) -> String {
    let names = redis_cli(site, &["--scan"]);
    let mut text = String::new();
    for name in names.lines() {
        let kind = redis_cli(site, &["TYPE", name]);
        let words: &[&str] = match kind.trim_end() {
            "hash" => &["HGETALL", name],
            "string" => &["GET", name],
            "set" => &["SMEMBERS", name],
            "zset" => &["ZRANGE", name, "0", "-1"],
            other => panic!("{name} is a {other}, which this test cannot read"),
        };
        text.push_str(&format!("{name} {kind}"));
        text.push_str(&redis_cli(site, words));
    }
    text
}

/// In the database that proctord uses unless told otherwise.
fn redis_cli(site: &Site, words: &[&str]) -> String {
    let ran = Command::new("redis-cli")
        .args([
            "-e",
            "-h",
            "127.0.0.1",
            "-p",
            &site.redis.port().to_string(),
        ])
        .env("REDISCLI_AUTH", site.redis.password().unwrap())
        .args(words)
        .output()
        .expect("redis-cli can be run");
    assert!(ran.status.success(), "{words:?}: {ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
