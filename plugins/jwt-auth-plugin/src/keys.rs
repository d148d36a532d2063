//! The public keys of a provider, and which of them a token may have been signed with. A key that cannot be used here
//! is passed over; secrets that both sides share are no public keys and are never used.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use proctor_plugin::Failure;
use serde::Deserialize;
use serde_json::Value;

/// No provider has more; what more there is, is not looked at.
const MOST_KEYS: usize = 64;

/// The keys of a provider.
pub(crate) struct Keys {
    keys: Vec<Key>,
}

struct Key {
    id: Option<String>,
    /// What it may be used for, all of one family.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Keys {
    /// Reads a JSON Web Key Set.
    ///
    /// # Errors
    /// It is none, or none of its keys can be used.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let set: Set = serde_json::from_slice(body)
            .map_err(|error| Failure::new(format!("no JSON Web Key Set: {error}")))?;
        let keys = set.keys.into_iter().take(MOST_KEYS);
        let keys: Vec<_> = keys.filter_map(Key::usable).collect();
        match keys.is_empty() {
            true => Err(Failure::new("a JSON Web Key Set without a usable key")),
            false => Ok(Self { keys }),
        }
    }

    /// Those that a token with this header may have been signed with.
    pub(crate) fn fitting<'a>(
        &'a self,
        id: Option<&'a str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a DecodingKey> {
        self.keys
            .iter()
            .filter(move |key| id.is_none_or(|id| key.id.as_deref() == Some(id)))
            .filter(move |key| key.algorithms.contains(&algorithm))
            .map(|key| &key.key)
    }
}

impl Key {
    fn usable(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let by_type = by_type(&jwk.algorithm)?;
        let algorithms = match jwk.common.key_algorithm {
            Some(named) => {
                let named = Algorithm::try_from(named).ok()?;
                by_type.contains(&named).then(|| vec![named])?
            }
            None => by_type.to_vec(),
        };
        let is_for_signatures = match &jwk.common.public_key_use {
            Some(named) => *named == PublicKeyUse::Signature,
            None => true,
        };
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        is_for_signatures.then_some(Self {
            id: jwk.common.key_id,
            algorithms,
            key,
        })
    }
}

/// What a key of this type can check.
fn by_type(parameters: &AlgorithmParameters) -> Option<&'static [Algorithm]> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::RSA(_) => Some(&[RS256, RS384, RS512, PS256, PS384, PS512]),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Some(&[ES256]),
            EllipticCurve::P384 => Some(&[ES384]),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Some(&[EdDSA])
        }
        _ => None,
    }
}
