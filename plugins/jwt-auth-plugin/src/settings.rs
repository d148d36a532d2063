//! The variables of this plugin.

use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use proctor_plugin::{Failure, Variables};
use proctor_plugin_http::Address;

use crate::claims::{ClaimNames, ClaimPath};
use crate::key_store::Timing;
use crate::provider::{DISCOVERY, Source, Where};
use crate::verifier::Rules;

const ISSUER: &str = "JWT_PLUGIN_ISSUER";
const AUDIENCE: &str = "JWT_PLUGIN_AUDIENCE";
const JWKS_URL: &str = "JWT_PLUGIN_JWKS_URL";
const ALLOW_HTTP: &str = "JWT_PLUGIN_ALLOW_HTTP";
const ALGORITHMS: &str = "JWT_PLUGIN_ALGORITHMS";
const EMAIL_CLAIM: &str = "JWT_PLUGIN_EMAIL_CLAIM";
const NAME_CLAIM: &str = "JWT_PLUGIN_NAME_CLAIM";
const GROUPS_CLAIM: &str = "JWT_PLUGIN_GROUPS_CLAIM";
const LEEWAY: &str = "JWT_PLUGIN_LEEWAY_SECONDS";
const TIMEOUT: &str = "JWT_PLUGIN_TIMEOUT_SECONDS";
const REFRESH: &str = "JWT_PLUGIN_REFRESH_SECONDS";
const COOLDOWN: &str = "JWT_PLUGIN_COOLDOWN_SECONDS";
const KEEP: &str = "JWT_PLUGIN_KEEP_SECONDS";

/// What is signed with the provider's private key; whoever has the public one can only check it. HS256 and its like
/// are no part of this: their key would be one that all who check can sign with.
const ASYMMETRIC: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

const DAY: u64 = 24 * 60 * 60;

pub(crate) struct Settings {
    pub(crate) source: Source,
    pub(crate) timeout: Duration,
    pub(crate) timing: Timing,
    pub(crate) rules: Rules,
    pub(crate) claims: ClaimNames,
}

impl Settings {
    pub(crate) fn from(variables: &Variables) -> Result<Self, Failure> {
        let issuer = variables.required(ISSUER, "is who signs the tokens, as `iss` in them")?;
        let audiences = variables.list(AUDIENCE)?;
        if audiences.is_empty() {
            return Err(Failure::new(format!(
                "{AUDIENCE} is not set: it is whom tokens are meant for, as `aud` in them"
            )));
        }
        let claim = |name, default| Ok::<_, Failure>(variables.text(name)?.unwrap_or(default));
        Ok(Self {
            source: source(variables, issuer)?,
            timeout: variables.seconds(TIMEOUT, 3, 1..=60)?,
            timing: Timing {
                refresh: variables.seconds(REFRESH, 600, 1..=DAY)?,
                cooldown: variables.seconds(COOLDOWN, 10, 1..=3600)?,
                keep: variables.seconds(KEEP, DAY, 1..=30 * DAY)?,
            },
            rules: Rules {
                issuer: issuer.to_owned(),
                audiences: audiences.into_iter().map(ToOwned::to_owned).collect(),
                algorithms: algorithms(variables)?,
                leeway: variables.seconds(LEEWAY, 30, 0..=300)?,
            },
            claims: ClaimNames {
                email: ClaimPath::new(claim(EMAIL_CLAIM, "email")?),
                name: ClaimPath::new(claim(NAME_CLAIM, "name")?),
                groups: ClaimPath::new(claim(GROUPS_CLAIM, "groups")?),
            },
        })
    }
}

fn source(variables: &Variables, issuer: &str) -> Result<Source, Failure> {
    let may_be_plain = variables.flag(ALLOW_HTTP)?;
    let address = |variable: &str, text: &str| {
        Address::parse(text)
            .and_then(|address| address.encrypted_unless(may_be_plain, ALLOW_HTTP))
            .map_err(|failure| Failure::new(format!("{variable} {failure}")))
    };
    let place = match variables.text(JWKS_URL)? {
        Some(url) => Where::Keys(address(JWKS_URL, url)?),
        None => {
            let url = format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
            Where::Discovery(address(ISSUER, &url)?)
        }
    };
    Ok(Source {
        place,
        issuer: issuer.to_owned(),
        may_be_plain,
    })
}

fn algorithms(variables: &Variables) -> Result<Vec<Algorithm>, Failure> {
    let names = variables.list(ALGORITHMS)?;
    let names = if names.is_empty() {
        ASYMMETRIC.to_vec()
    } else {
        names
    };
    let algorithm = |name: &str| {
        let known: Option<Algorithm> = name.parse().ok();
        known.filter(|known| known.family() != AlgorithmFamily::Hmac)
    };
    let known: Option<Vec<_>> = names.into_iter().map(algorithm).collect();
    known.ok_or_else(|| {
        Failure::new(format!(
            "{ALGORITHMS} may have in it only {}",
            ASYMMETRIC.join(", ")
        ))
    })
}
