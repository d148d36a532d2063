//! Mistakes in the variables.

use jwt_auth_plugin::Jwt;
use proctor_plugin::Variables;

const ISSUER: (&str, &str) = ("JWT_PLUGIN_ISSUER", "https://127.0.0.1:9");
const AUDIENCE: (&str, &str) = ("JWT_PLUGIN_AUDIENCE", "proctor");

fn made(pairs: &[(&str, &str)]) -> Result<Jwt, String> {
    let variables: Variables = pairs.iter().copied().collect();
    Jwt::with(&variables).map_err(|failure| failure.to_string())
}

#[test]
fn issuer_and_audience_are_enough() {
    assert!(made(&[ISSUER, AUDIENCE]).is_ok());
}

#[test]
fn wrong_settings_are_told_by_name() {
    for (pairs, told) in [
        (vec![AUDIENCE], "JWT_PLUGIN_ISSUER is not set"),
        (vec![ISSUER], "JWT_PLUGIN_AUDIENCE is not set"),
        (
            vec![ISSUER, ("JWT_PLUGIN_AUDIENCE", "a,,b")],
            "JWT_PLUGIN_AUDIENCE is a list with an empty entry",
        ),
        (
            vec![AUDIENCE, ("JWT_PLUGIN_ISSUER", "http://127.0.0.1:9")],
            "JWT_PLUGIN_ISSUER does not begin with https://; JWT_PLUGIN_ALLOW_HTTP=true",
        ),
        (
            vec![AUDIENCE, ("JWT_PLUGIN_ISSUER", "accounts")],
            "JWT_PLUGIN_ISSUER is no URL",
        ),
        (
            vec![
                ISSUER,
                AUDIENCE,
                ("JWT_PLUGIN_JWKS_URL", "http://keys.example.org"),
            ],
            "JWT_PLUGIN_JWKS_URL does not begin with https://",
        ),
        (
            vec![ISSUER, AUDIENCE, ("JWT_PLUGIN_ALGORITHMS", "RS256,HS256")],
            "JWT_PLUGIN_ALGORITHMS may have in it only RS256",
        ),
        (
            vec![ISSUER, AUDIENCE, ("JWT_PLUGIN_ALGORITHMS", "none")],
            "JWT_PLUGIN_ALGORITHMS may have in it only RS256",
        ),
        (
            vec![ISSUER, AUDIENCE, ("JWT_PLUGIN_LEEWAY_SECONDS", "301")],
            "JWT_PLUGIN_LEEWAY_SECONDS is no whole number of seconds from 0 to 300",
        ),
    ] {
        let failure = made(&pairs).err().unwrap();
        assert!(failure.starts_with(told), "{failure}");
    }
}
