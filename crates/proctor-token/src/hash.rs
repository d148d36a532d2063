//! The hash of a token, as it is written down: argon2 in the form of PHC strings. Comparing takes the same time
//! whether the token fits or not.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Params, PasswordHasher, Version};

use crate::cost::Cost;
use crate::turns::Turn;

/// What a comparison is made with where nobody's hash is at hand.
const NOBODYS_SALT: &[u8] = b"nobody is here";

/// The hash of a token.
#[derive(Debug, Clone)]
pub struct Hash {
    cost: Cost,
    salt: Salt,
    output: Output,
}

/// Why a text is no hash that can be compared with. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoHash {
    #[error("is none of argon2, as `proctord plugins token` makes it")]
    NotArgon2,
    #[error("asks for too much: {0}")]
    TooExpensive(String),
}

/// The hash of a token that Proctor has made, with a salt of its own, as [`Hash::parse`] reads it.
///
/// # Errors
/// The system has no randomness to give.
pub fn hash(token: &str) -> Result<String, argon2::password_hash::Error> {
    let argon2 = Cost::of_random_tokens().argon2();
    Ok(argon2.hash_password(token.as_bytes())?.to_string())
}

impl Hash {
    /// Reads one.
    ///
    /// # Errors
    /// It is none, or one that would cost too much.
    pub fn parse(text: &str) -> Result<Self, NoHash> {
        let hash = PasswordHash::new(text).map_err(|_| NoHash::NotArgon2)?;
        let cost = cost(&hash).ok_or(NoHash::NotArgon2)?;
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
            return Err(NoHash::NotArgon2);
        };
        match cost.excess() {
            Some(what) => Err(NoHash::TooExpensive(what)),
            None => Ok(Self { cost, salt, output }),
        }
    }

    /// The hash of a token that nobody has, for comparisons that are to cost this much and fail.
    #[must_use]
    pub fn of_nobody(cost: &Cost) -> Option<Self> {
        Some(Self {
            cost: cost.clone(),
            salt: Salt::new(NOBODYS_SALT).ok()?,
            output: Output::new(&[0; Params::DEFAULT_OUTPUT_LEN]).ok()?,
        })
    }

    #[must_use]
    pub fn cost(&self) -> &Cost {
        &self.cost
    }

    /// Whether it is that of the token. Takes its time and memory, and waits while many others do.
    #[must_use]
    pub fn fits(&self, token: &str) -> bool {
        let _turn = Turn::wait();
        let mut output = vec![0; self.output.as_bytes().len()];
        let made = self.cost.argon2().hash_password_into(
            token.as_bytes(),
            self.salt.as_ref(),
            &mut output,
        );
        // `Output` compares in constant time.
        made.is_ok() && Output::new(&output).is_ok_and(|output| output == self.output)
    }
}

fn cost(hash: &PasswordHash) -> Option<Cost> {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
    let params = Params::try_from(hash).ok()?;
    Some(Cost::new(algorithm, version.ok()?, params))
}

#[cfg(test)]
mod tests {
    use super::{Cost, Hash, NoHash, hash};

    /// Of `password`, by the reference implementation of argon2, from its tests.
    const BY_ANOTHER_PROGRAM: &str =
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";

    #[test]
    fn a_hash_fits_its_token_alone() {
        let text = hash("proctor_k1_secret").unwrap();

        let read = Hash::parse(&text).unwrap();

        assert!(read.fits("proctor_k1_secret"));
        for other in ["", "proctor_k1_secret ", "proctor_k1_secre"] {
            assert!(!read.fits(other), "{other}");
        }
        assert_ne!(hash("proctor_k1_secret").unwrap(), text, "salts differ");
    }

    #[test]
    fn hashes_of_other_programs_are_read() {
        let read = Hash::parse(BY_ANOTHER_PROGRAM).unwrap();

        assert!(read.fits("password"));
        assert!(!read.fits("passphrase"));
    }

    #[test]
    fn other_texts_are_refused() {
        for other in [
            "",
            "secret",
            "$argon2id$",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        ] {
            assert_eq!(
                Hash::parse(other).unwrap_err(),
                NoHash::NotArgon2,
                "{other}"
            );
        }
        let greedy = BY_ANOTHER_PROGRAM.replace("m=256", "m=4194304");
        assert_eq!(
            Hash::parse(&greedy).unwrap_err().to_string(),
            "asks for too much: m=4194304 is more than 65536"
        );
    }

    #[test]
    fn nobody_has_the_token_of_nobody() {
        let nobody = Hash::of_nobody(&Cost::of_random_tokens()).unwrap();

        assert_eq!(nobody.cost(), &Cost::of_random_tokens());
        assert!(!nobody.fits(""));
        assert!(!nobody.fits("nobody is here"));
    }
}
