//! What becomes of each look at the files. Pure: whoever looks hands in what was found.

use std::sync::Arc;

use rustls::sign::CertifiedKey;

use super::pair::{Pair, TlsError};

/// What the looks so far have found.
pub(super) struct Renewal {
    /// Of the files whose certificate is shown.
    digest: [u8; 32],
    /// What the last look found wrong.
    wrong: Option<Wrong>,
}

/// Something is wrong with the files.
struct Wrong {
    what: String,
    is_told: bool,
}

/// What is to be done after a look.
pub(super) enum Look {
    Nothing,
    Renewed(Arc<CertifiedKey>),
    Refused(TlsError),
}

impl Renewal {
    /// Of the files with this digest, whose certificate is shown.
    pub(super) fn of(digest: [u8; 32]) -> Self {
        Self {
            digest,
            wrong: None,
        }
    }

    /// Takes in what a look has found. Files are replaced one after the other: what is wrong is told only if
    /// the next look finds it too, and then once.
    pub(super) fn look(&mut self, found: Result<Pair, TlsError>) -> Look {
        let error = match found {
            Ok(pair) => {
                self.wrong = None;
                if pair.digest() == self.digest {
                    return Look::Nothing;
                }
                self.digest = pair.digest();
                return Look::Renewed(pair.certified());
            }
            Err(error) => error,
        };
        let what = error.to_string();
        match &mut self.wrong {
            Some(wrong) if wrong.what == what => {
                if std::mem::replace(&mut wrong.is_told, true) {
                    Look::Nothing
                } else {
                    Look::Refused(error)
                }
            }
            wrong => {
                *wrong = Some(Wrong {
                    what,
                    is_told: false,
                });
                Look::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Look, Renewal, TlsError};

    fn wrong(renewal: &mut Renewal, name: &str) -> bool {
        let path = PathBuf::from(name);
        matches!(
            renewal.look(Err(TlsError::NoKey { path })),
            Look::Refused(_)
        )
    }

    #[test]
    fn what_is_wrong_is_told_once_it_lasts_and_not_again() {
        let mut renewal = Renewal::of([0; 32]);

        let told: Vec<_> = (0..4).map(|_| wrong(&mut renewal, "key.pem")).collect();
        assert_eq!(told, [false, true, false, false]);
        let told: Vec<_> = (0..3).map(|_| wrong(&mut renewal, "other.pem")).collect();
        assert_eq!(told, [false, true, false]);
    }
}
