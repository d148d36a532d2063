//! Which tokens count.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::provider::{Provider, SigningKey, ask, counts, now};

#[test]
fn a_token_of_the_provider_says_who_somebody_is() {
    let key = SigningKey::new("k1", Algorithm::ES256);
    let provider = Provider::with(&[&key]);
    let plugin = provider.plugin(&[]);

    let user = ask(&plugin, &key.sign(&provider.claims()))
        .unwrap()
        .unwrap();

    assert_eq!((&*user.email, &*user.name), ("ada@example.org", "Ada"));
    assert!(user.active);
    assert_eq!(user.groups, ["ops", "db"]);
}

#[test]
fn every_algorithm_with_a_public_key_counts_and_only_those_allowed() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let rsa = SigningKey::new("rsa", RS256);
    let of_rsa = [RS256, RS384, RS512, PS256, PS384, PS512];
    let mut keys: Vec<_> = [("es256", ES256), ("es384", ES384), ("ed", EdDSA)]
        .map(|(id, algorithm)| SigningKey::new(id, algorithm))
        .into();
    keys.extend(of_rsa.map(|algorithm| SigningKey {
        algorithm,
        ..rsa.clone()
    }));
    let provider = Provider::with(&[]);
    // One RSA key that names no algorithm is good for all six of its family.
    let mut jwks: Vec<_> = keys[..4].iter().map(SigningKey::jwk).collect();
    jwks[3].as_object_mut().unwrap().remove("alg");
    provider.is_now(crate::provider::Mood::Keys(jwks));
    let (all, one) = (
        provider.plugin(&[]),
        provider.plugin(&[("JWT_PLUGIN_ALGORITHMS", "ES256, PS256")]),
    );

    for key in &keys {
        let token = key.sign(&provider.claims());
        assert!(counts(&all, &token), "{:?}", key.algorithm);
        let is_allowed = matches!(key.algorithm, ES256 | PS256);
        assert_eq!(counts(&one, &token), is_allowed, "{:?}", key.algorithm);
    }
}

#[test]
fn what_was_meant_for_others_or_for_other_times_does_not_count() {
    let key = SigningKey::new("k1", Algorithm::ES256);
    let provider = Provider::with(&[&key]);
    let plugin = provider.plugin(&[("JWT_PLUGIN_AUDIENCE", "proctor, other")]);
    let with = |name, value| counts(&plugin, &key.sign(&provider.claims_with(name, value)));

    assert!(with("aud", json!("other")));
    assert!(with("aud", json!(["elsewhere", "proctor"])));
    assert!(with("exp", json!(now() - 5)), "within the leeway");
    assert!(with("nbf", json!(now() + 5)), "within the leeway");

    for (name, value) in [
        ("aud", json!("elsewhere")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("https://elsewhere.example.org")),
        ("iss", json!(format!("{}/", provider.issuer()))),
        ("iss", Value::Null),
        ("exp", json!(now() - 60)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("nbf", json!(now() + 60)),
        ("email_verified", json!(false)),
    ] {
        assert!(!with(name, value.clone()), "{name}: {value}");
    }
    for missing in ["aud", "iss", "exp"] {
        let mut claims = provider.claims();
        claims.as_object_mut().unwrap().remove(missing);
        assert!(!counts(&plugin, &key.sign(&claims)), "without {missing}");
    }
}

#[test]
fn what_the_provider_has_not_signed_does_not_count() {
    let (key, other) = (
        SigningKey::new("k1", Algorithm::RS256),
        SigningKey::new("k1", Algorithm::RS256),
    );
    let provider = Provider::with(&[&key]);
    let plugin = provider.plugin(&[]);
    let claims = provider.claims();
    let right = key.sign(&claims);
    assert!(counts(&plugin, &right));

    let [header, payload, signature] = right.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts: {right}");
    };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let admins = part(&provider.claims_with("groups", json!(["admin"])));
    let none = part(&json!({"alg": "none", "kid": "k1"}));
    let critical = {
        let mut header = Header::new(Algorithm::RS256);
        header.crit = Some(vec!["exp".to_owned()]);
        encode(&header, &claims, &key.private).unwrap()
    };
    for token in [
        String::new(),
        "a.b.c".to_owned(),
        "x".repeat(100_000),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}.{admins}.{signature}"),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        critical,
        other.sign(&claims),
    ] {
        assert!(!counts(&plugin, &token), "{token}");
    }
}

/// The public key is public: if it were taken for a shared secret, everybody could sign.
#[test]
fn a_public_key_is_never_taken_for_a_shared_secret() {
    let key = SigningKey::new("k1", Algorithm::RS256);
    let provider = Provider::with(&[&key]);
    let shared = json!({"kty": "oct", "kid": "k2", "alg": "HS256", "k": "c2VjcmV0"});
    provider.is_now(crate::provider::Mood::Keys(vec![key.jwk(), shared]));
    let plugin = provider.plugin(&[]);
    let modulus = key.jwk()["n"].as_str().unwrap().to_owned();
    let public = URL_SAFE_NO_PAD.decode(&modulus).unwrap();

    for (id, secret) in [
        ("k1", public.as_slice()),
        ("k1", modulus.as_bytes()),
        ("k1", key.jwk().to_string().as_bytes()),
        ("k2", b"secret"),
    ] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = Some(id.to_owned());
            let secret = EncodingKey::from_secret(secret);
            let token = encode(&header, &provider.claims(), &secret).unwrap();
            assert!(!counts(&plugin, &token), "{id} {algorithm:?}");
        }
    }
}

#[test]
fn a_token_that_counts_but_names_nobody_is_told_to_the_operator() {
    let key = SigningKey::new("k1", Algorithm::ES256);
    let provider = Provider::with(&[&key]);
    let plugin = provider.plugin(&[("JWT_PLUGIN_EMAIL_CLAIM", "upn")]);

    let failure = ask(&plugin, &key.sign(&provider.claims())).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "a token of the provider has no text in the claim \"upn\""
    );

    let claims = provider.claims_with("upn", json!("ada@corp"));
    let user = ask(&plugin, &key.sign(&claims)).unwrap().unwrap();
    assert_eq!(user.email, "ada@corp");
}
