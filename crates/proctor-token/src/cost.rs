//! What one comparison with a hash costs: the parameters of argon2, as the hash itself names them.

use argon2::{Algorithm, Argon2, Params, Version};

/// What a hash may ask for at most. Whoever writes the file decides about it, but a slip of theirs must not cost the
/// service its memory.
const MOST_KIB: u32 = 64 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// What one comparison costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

impl Cost {
    /// For tokens that Proctor makes: little. A hash is made expensive so that a stolen file does not tell what people
    /// have thought up; 256 random bits are not found by guessing, were a guess for free. So that is no reason to
    /// spend tens of milliseconds and megabytes on each request.
    #[must_use]
    pub fn of_random_tokens() -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: const {
                match Params::new(1024, 1, 1, None) {
                    Ok(params) => params,
                    Err(_) => panic!("the parameters are within argon2's bounds"),
                }
            },
        }
    }

    pub(crate) fn new(algorithm: Algorithm, version: Version, params: Params) -> Self {
        Self {
            algorithm,
            version,
            params,
        }
    }

    /// What of it is too much, if anything is.
    pub(crate) fn excess(&self) -> Option<String> {
        let (memory, passes) = (self.params.m_cost(), self.params.t_cost());
        let lanes = self.params.p_cost();
        [
            ("m", memory, MOST_KIB),
            ("t", passes, MOST_PASSES),
            ("p", lanes, MOST_LANES),
        ]
        .into_iter()
        .find(|(_, asked, most)| asked > most)
        .map(|(name, asked, most)| format!("{name}={asked} is more than {most}"))
    }

    /// How much work it is, to be compared with others.
    #[must_use]
    pub fn work(&self) -> u64 {
        u64::from(self.params.m_cost()) * u64::from(self.params.t_cost())
    }

    pub(crate) fn argon2(&self) -> Argon2<'static> {
        Argon2::new(self.algorithm, self.version, self.params.clone())
    }
}
