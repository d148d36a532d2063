//! The text of a token: `proctor_ID_SECRET`. The id says which entry of a file it belongs to and is no secret; the
//! secret is all that has to be kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use zeroize::Zeroizing;

const PREFIX: &str = "proctor_";

/// Enough that no two ids of a file are ever the same by chance.
const ID_BYTES: usize = 6;

/// 256 bits: nobody guesses them, whatever one guess costs.
const SECRET_BYTES: usize = 32;

/// A new token.
pub struct Token {
    pub id: String,
    /// The whole text, as people send it.
    pub text: Zeroizing<String>,
}

impl Token {
    /// One that nobody has.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn random() -> Result<Self, SysError> {
        let mut id = [0; ID_BYTES];
        SysRng.try_fill_bytes(&mut id)?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        SysRng.try_fill_bytes(&mut *secret)?;

        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(*secret));
        let text = Zeroizing::new(format!("{PREFIX}{id}_{}", *secret));
        Ok(Self { id, text })
    }
}

/// The id in a token, if it looks like one of ours.
#[must_use]
pub fn id(token: &str) -> Option<&str> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    (!id.is_empty() && !secret.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{Token, id};

    #[test]
    fn a_token_of_ours_says_its_id() {
        assert_eq!(id("proctor_k3f9_s3cr_et"), Some("k3f9"));
        for other in [
            "",
            "proctor_",
            "proctor_k3f9",
            "proctor__x",
            "proctor_k3f9_",
            "ghp_k3f9_x",
        ] {
            assert_eq!(id(other), None, "{other}");
        }
    }

    #[test]
    fn a_new_token_is_long_and_like_no_other() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());

        assert_eq!(id(&one.text), Some(&*one.id));
        assert_eq!(one.text.len(), "proctor_".len() + 12 + 1 + 43);
        assert_ne!(one.id, other.id);
        assert_ne!(one.text[21..], other.text[21..]);
        assert!(one.text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
