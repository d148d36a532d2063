//! When the provider is asked for its keys, and what counts while it cannot be asked.

use jsonwebtoken::Algorithm;
use proctor_plugin::{Failure, User};
use proctor_testkit::{WebAnswer, wait_for};
use serde_json::json;

use crate::provider::{Mood, Provider, SigningKey, ask, counts};

fn two_keys() -> (SigningKey, SigningKey) {
    let key = |id| SigningKey::new(id, Algorithm::ES256);
    (key("old"), key("new"))
}

/// The failure; what was told instead is none.
fn failed<T>(asked: Result<T, Failure>) -> Result<Failure, T> {
    match asked {
        Ok(told) => Err(told),
        Err(failure) => Ok(failure),
    }
}

fn away() -> Mood {
    Mood::Says(WebAnswer::status(503, "away"))
}

#[test]
fn keys_are_kept_and_a_new_one_is_fetched_when_it_is_used() {
    let (old, new) = two_keys();
    let provider = Provider::with(&[&old]);
    let plugin = provider.plugin(&[("JWT_PLUGIN_COOLDOWN_SECONDS", "1")]);
    let (by_old, by_new) = (old.sign(&provider.claims()), new.sign(&provider.claims()));

    for _ in 0..20 {
        assert!(counts(&plugin, &by_old));
    }
    assert_eq!(provider.fetches(), 1);

    provider.has_now(&[&new]);
    wait_for("the new key to count", || {
        counts(&plugin, &by_new).then_some(()).ok_or("it does not")
    });
    assert!(!counts(&plugin, &by_old), "the provider has withdrawn it");
}

#[test]
fn a_flood_of_unknown_keys_is_one_request_until_the_cooldown_is_over() {
    let (old, new) = two_keys();
    let provider = Provider::with(&[&old]);
    let plugin = provider.plugin(&[("JWT_PLUGIN_COOLDOWN_SECONDS", "3600")]);
    let by_new = new.sign(&provider.claims());
    assert!(!counts(&plugin, &by_new));

    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert!(!counts(&plugin, &by_new));
                }
            });
        }
    });

    assert_eq!(provider.fetches(), 1);
    assert!(counts(&plugin, &old.sign(&provider.claims())));
}

#[test]
fn keys_are_renewed_in_the_background() {
    let (old, new) = two_keys();
    let provider = Provider::with(&[&old]);
    let plugin = provider.plugin(&[
        ("JWT_PLUGIN_COOLDOWN_SECONDS", "1"),
        ("JWT_PLUGIN_REFRESH_SECONDS", "1"),
    ]);
    let by_old = old.sign(&provider.claims());
    assert!(counts(&plugin, &by_old));

    provider.has_now(&[&new]);

    // Nobody uses a key that is not known, and still the withdrawn one stops counting.
    wait_for("the old key to count no more", || {
        let counts = counts(&plugin, &by_old);
        (!counts).then_some(()).ok_or("it does")
    });
}

#[test]
fn while_the_provider_is_away_known_keys_count_and_others_are_not_said_to_be_wrong() {
    let (old, new) = two_keys();
    let provider = Provider::with(&[&old]);
    let plugin = provider.plugin(&[("JWT_PLUGIN_COOLDOWN_SECONDS", "1")]);
    let (by_old, by_new) = (old.sign(&provider.claims()), new.sign(&provider.claims()));
    assert!(counts(&plugin, &by_old));

    provider.is_now(away());

    let failure = wait_for("the failure of a fetch", || failed(ask(&plugin, &by_new)));
    let told = failure.to_string();
    assert!(told.contains("answered 503: away"), "{told}");
    assert!(counts(&plugin, &by_old));

    provider.has_now(&[&old, &new]);
    let user = wait_for("the provider to be asked again", || ask(&plugin, &by_new));
    assert!(user.is_some());
}

/// The service ends a plugin that does not answer in time.
#[test]
fn a_provider_that_takes_its_time_holds_up_neither_known_keys_nor_for_long_who_has_another() {
    let (old, new) = two_keys();
    let provider = Provider::with(&[&old]);
    let plugin = provider.plugin(&[
        ("JWT_PLUGIN_COOLDOWN_SECONDS", "1"),
        ("JWT_PLUGIN_TIMEOUT_SECONDS", "60"),
    ]);
    let (by_old, by_new) = (old.sign(&provider.claims()), new.sign(&provider.claims()));
    assert!(counts(&plugin, &by_old));

    provider.is_now(Mood::Silent);

    let late = wait_for("a fetch that does not end", || {
        let failure = failed(ask(&plugin, &by_new))?;
        let is_late = failure.to_string().contains("takes long");
        if is_late {
            Ok(failure)
        } else {
            Err(None::<User>)
        }
    });
    assert!(late.to_string().contains("takes long to tell its keys"));
    assert!(counts(&plugin, &by_old));

    provider.has_now(&[&old, &new]);
    let user = wait_for("the keys to come after all", || ask(&plugin, &by_new));
    assert!(user.is_some());
}

#[test]
fn keys_that_cannot_be_renewed_are_not_good_for_ever() {
    let (old, _) = two_keys();
    let provider = Provider::with(&[&old]);
    let plugin = provider.plugin(&[
        ("JWT_PLUGIN_COOLDOWN_SECONDS", "1"),
        ("JWT_PLUGIN_KEEP_SECONDS", "1"),
    ]);
    let by_old = old.sign(&provider.claims());
    wait_for("the key to count", || ask(&plugin, &by_old));

    provider.is_now(away());

    wait_for("the key to be too old", || failed(ask(&plugin, &by_old)));
}

#[test]
fn a_provider_that_is_away_at_the_start_keeps_its_users_out_until_it_is_back() {
    let (old, _) = two_keys();
    let provider = Provider::with(&[&old]);
    let by_old = old.sign(&provider.claims());
    for (mood, told) in [
        (away(), "answered 503: away"),
        (Mood::Says(WebAnswer::Silence), "no whole answer in time"),
        (
            Mood::Says(WebAnswer::json("<html>")),
            "answered no JSON Web Key Set",
        ),
        (Mood::Keys(vec![]), "without a usable key"),
        (
            Mood::Keys(vec![json!({"kty": "oct", "k": "c2VjcmV0"})]),
            "without a usable key",
        ),
        (
            Mood::Says(WebAnswer::json("x".repeat(2 << 20))),
            "answered too much",
        ),
    ] {
        provider.is_now(mood);
        let plugin = provider.plugin(&[
            ("JWT_PLUGIN_COOLDOWN_SECONDS", "1"),
            ("JWT_PLUGIN_TIMEOUT_SECONDS", "1"),
        ]);

        let failure = ask(&plugin, &by_old).unwrap_err().to_string();
        assert!(failure.contains(told), "{failure}");

        provider.has_now(&[&old]);
        wait_for("the provider to be back", || ask(&plugin, &by_old));
    }
}

#[test]
fn what_cannot_be_used_in_a_set_of_keys_is_passed_over() {
    let (old, new) = two_keys();
    let provider = Provider::with(&[]);
    let mut for_encryption = new.jwk();
    for_encryption["use"] = json!("enc");
    provider.is_now(Mood::Keys(vec![
        json!({"kty": "odd", "kid": "x"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "", "y": ""}),
        json!("no key"),
        for_encryption,
        old.jwk(),
    ]));
    let plugin = provider.plugin(&[]);

    assert!(counts(&plugin, &old.sign(&provider.claims())));
    assert!(!counts(&plugin, &new.sign(&provider.claims())));
}

#[test]
fn the_provider_s_own_description_leads_to_its_keys_unless_it_is_of_another_issuer() {
    let (old, _) = two_keys();
    let provider = Provider::with(&[&old]);
    let by_old = old.sign(&provider.claims());

    assert!(counts(
        &provider.plugin(&[("JWT_PLUGIN_JWKS_URL", "")]),
        &by_old
    ));
    assert_eq!(provider.fetches(), 1);

    let description = json!({"issuer": "https://elsewhere.example.org", "jwks_uri": provider.server.url("/keys")});
    provider.is_now(Mood::Says(WebAnswer::json(description)));
    let plugin = provider.plugin(&[("JWT_PLUGIN_JWKS_URL", "")]);
    let failure = ask(&plugin, &by_old).unwrap_err().to_string();
    assert!(
        failure.contains("as another issuer, \"https://elsewhere.example.org\""),
        "{failure}"
    );
}
