//! The text of a token, and its hash. A token `proctor_ID_SECRET` says which entry it belongs to; of any other text
//! only the e-mail address that comes with it says so.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;

const PREFIX: &str = "proctor_";

/// The hash of some token that nobody knows: whoever is not there takes as long to refuse as a wrong token.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$6l5tpHfIzo0ZiJcQkqHCjUmgOs2OzgLbfV0FUzvXlrE";

/// The id in a token, if it has one.
pub(crate) fn id(token: &str) -> Option<&str> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    (!id.is_empty() && !secret.is_empty()).then_some(id)
}

/// Whether the text is a hash that can be compared with.
pub(crate) fn is_hash(text: &str) -> bool {
    text.starts_with("$argon2") && PasswordHash::new(text).is_ok()
}

/// Whether it is the hash of the token; takes long, on purpose.
pub(crate) fn fits(token: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(token.as_bytes(), &hash)
            .is_ok()
    })
}

/// Takes as long as comparing with the hash of somebody.
pub(crate) fn fits_nobody(token: &str) {
    fits(token, NOBODYS);
}

#[cfg(test)]
mod tests {
    use super::{NOBODYS, id, is_hash};

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
    fn hashes_are_told_from_other_texts() {
        assert!(is_hash(NOBODYS));
        for other in ["", "secret", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"] {
            assert!(!is_hash(other), "{other}");
        }
    }
}
