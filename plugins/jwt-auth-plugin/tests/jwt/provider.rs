//! A provider: its keys, what it serves, and tokens that it signs.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RsaKeyPair,
};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use jwt_auth_plugin::Jwt;
use proctor_plugin::{Auth, Credentials, Failure, User, Variables};
use proctor_testkit::{WebAnswer, WebServer};
use serde_json::{Value, json};

/// What PKCS#8 has before the PKCS#1 key of an RSA key with 2048 bits, the form that signing wants.
const PKCS8_HEAD: usize = 26;

pub(crate) const AUDIENCE: &str = "proctor";

/// A private key and its name.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) id: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
}

impl SigningKey {
    pub(crate) fn new(id: &'static str, algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        let private = match algorithm {
            Algorithm::ES256 => {
                let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let key = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
                EncodingKey::from_ec_der(key.as_ref())
            }
            Algorithm::ES384 => {
                let alg = &ECDSA_P384_SHA384_FIXED_SIGNING;
                let key = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
                EncodingKey::from_ec_der(key.as_ref())
            }
            Algorithm::EdDSA => {
                let key = Ed25519KeyPair::generate_pkcs8v1(&random).unwrap();
                EncodingKey::from_ed_der(key.as_ref())
            }
            _ => {
                let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                EncodingKey::from_rsa_der(&key.as_der().unwrap().as_ref()[PKCS8_HEAD..])
            }
        };
        Self {
            id,
            algorithm,
            private,
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        encode(&header, claims, &self.private).unwrap()
    }
}

/// What the provider answers now.
#[derive(Clone)]
pub(crate) enum Mood {
    Keys(Vec<Value>),
    Says(WebAnswer),
    /// Nothing, until that changes.
    Silent,
}

pub(crate) struct Provider {
    pub(crate) server: WebServer,
    mood: Arc<(Mutex<Mood>, Condvar)>,
}

impl Provider {
    pub(crate) fn with(keys: &[&SigningKey]) -> Self {
        let keys = keys.iter().map(|key| key.jwk()).collect();
        let mood = Arc::new((Mutex::new(Mood::Keys(keys)), Condvar::new()));
        let now = Arc::clone(&mood);
        let server = WebServer::start(move |request| {
            let (mood, changed) = &*now;
            let mood = mood.lock().unwrap_or_else(PoisonError::into_inner);
            let is_silent = |mood: &mut Mood| matches!(mood, Mood::Silent);
            let mood = changed.wait_while(mood, is_silent);
            let mood = mood.unwrap_or_else(PoisonError::into_inner).clone();
            match (mood, &*request.target) {
                (Mood::Says(answer), _) => answer,
                (Mood::Silent, _) => unreachable!("it was waited for"),
                (Mood::Keys(keys), "/keys") => WebAnswer::json(json!({ "keys": keys })),
                (Mood::Keys(_), "/.well-known/openid-configuration") => {
                    let origin = format!("http://{}", request.header("host").unwrap());
                    let keys = format!("{origin}/keys");
                    WebAnswer::json(json!({"issuer": origin, "jwks_uri": keys}))
                }
                _ => WebAnswer::status(404, "no such page"),
            }
        });
        Self { server, mood }
    }

    pub(crate) fn is_now(&self, mood: Mood) {
        let (now, changed) = &*self.mood;
        *now.lock().unwrap_or_else(PoisonError::into_inner) = mood;
        changed.notify_all();
    }

    pub(crate) fn has_now(&self, keys: &[&SigningKey]) {
        self.is_now(Mood::Keys(keys.iter().map(|key| key.jwk()).collect()));
    }

    pub(crate) fn issuer(&self) -> String {
        self.server.url("")
    }

    /// How often it was asked for its keys.
    pub(crate) fn fetches(&self) -> usize {
        let asked = self.server.asked();
        asked.iter().filter(|asked| asked.target == "/keys").count()
    }

    /// The plugin, with these variables beside those that it needs.
    pub(crate) fn plugin(&self, more: &[(&str, &str)]) -> Jwt {
        let (issuer, keys) = (self.issuer(), self.server.url("/keys"));
        let needed = [
            ("JWT_PLUGIN_ISSUER", issuer.as_str()),
            ("JWT_PLUGIN_AUDIENCE", AUDIENCE),
            ("JWT_PLUGIN_JWKS_URL", keys.as_str()),
            ("JWT_PLUGIN_ALLOW_HTTP", "true"),
            ("JWT_PLUGIN_TIMEOUT_SECONDS", "2"),
        ];
        let variables: Variables = needed.into_iter().chain(more.iter().copied()).collect();
        Jwt::with(&variables).unwrap()
    }

    /// The claims of a token that counts.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.issuer(),
            "aud": AUDIENCE,
            "exp": now() + 300,
            "email": "ada@example.org",
            "name": "Ada",
            "groups": ["ops", "db"],
        })
    }

    /// The same with one claim changed.
    pub(crate) fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

pub(crate) fn ask(plugin: &Jwt, token: &str) -> Result<Option<User>, Failure> {
    plugin.authenticate(&Credentials {
        email: None,
        token: token.to_owned(),
    })
}

/// Whether the token counts; the plugin must be able to tell.
pub(crate) fn counts(plugin: &Jwt, token: &str) -> bool {
    ask(plugin, token).unwrap().is_some()
}
