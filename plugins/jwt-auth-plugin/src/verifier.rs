//! Whether a token counts. Of whatever does not, nothing is told but that it is nobody's: neither to whoever sent it
//! nor to the log, which anybody could fill.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use proctor_plugin::Failure;

use crate::claims::Claims;
use crate::key_store::KeyStore;

/// A token with hundreds of groups is shorter.
const LONGEST_TOKEN: usize = 64 << 10;

/// What a token must say.
pub(crate) struct Rules {
    pub(crate) issuer: String,
    /// One of them is enough.
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// By how much the clocks may differ.
    pub(crate) leeway: Duration,
}

pub(crate) struct Verifier {
    keys: KeyStore,
    rules: Rules,
}

impl Verifier {
    pub(crate) fn new(keys: KeyStore, rules: Rules) -> Self {
        Self { keys, rules }
    }

    /// What a token says, if it counts.
    ///
    /// # Errors
    /// It cannot be found out now, for there are no keys.
    pub(crate) fn claims(&self, token: &str) -> Result<Option<Claims>, Failure> {
        if token.len() > LONGEST_TOKEN {
            return Ok(None);
        }
        let Ok(header) = decode_header(token) else {
            return Ok(None);
        };
        // A header that must be understood is not: none is known here.
        if header.crit.is_some() || !self.rules.algorithms.contains(&header.alg) {
            return Ok(None);
        }
        let (id, algorithm) = (header.kid.as_deref(), header.alg);
        let keys = self
            .keys
            .with(|keys| keys.fitting(id, algorithm).next().is_some())?;
        let rules = self.rules.validation(algorithm);
        let claims = keys
            .fitting(id, algorithm)
            .find_map(|key| decode::<Claims>(token, key, &rules).ok())
            .map(|token| token.claims);
        Ok(claims)
    }
}

impl Rules {
    /// For one algorithm alone: the one whose keys are tried.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut rules = Validation::new(algorithm);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&self.audiences);
        rules.validate_nbf = true;
        rules.leeway = self.leeway.as_secs();
        rules
    }
}
