//! Proves that what is sealed is still what was written, or tells what is not: it walks the seals from the first on,
//! holds each against the one before it and against its rows. It changes nothing, reads in pages, and may run beside
//! the service. What nobody has sealed yet, and seals that are gone from the end with all their rows, it cannot judge.

mod finding;
mod rows;

use std::num::NonZeroU32;

use crate::store::audit::seal::{Last, Mark, Seal};
use crate::store::{Store, StoreError, Unsealed};

pub use finding::Finding;

/// How many seals are read at once, each with what it says of up to 2000 rows.
const SEALS: NonZeroU32 = NonZeroU32::new(16).expect("16 is not zero");
/// How many rows are read at once.
const ROWS: NonZeroU32 = NonZeroU32::new(1000).expect("1000 is not zero");

/// What a walk has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub findings: u64,
    pub seals: u64,
    /// Rows that are what their seal says.
    pub rows: u64,
    pub newest: Option<Mark>,
    pub unsealed: Unsealed,
}

/// A walk on its way.
struct Walk<'a> {
    store: &'a dyn Store,
    /// Seals that somebody has noted down elsewhere.
    marks: &'a [Mark],
    tell: &'a mut (dyn FnMut(&Finding) + Send),
    findings: u64,
    seals: u64,
    rows: u64,
    /// The seal before, or what the first one follows.
    before: Before,
    newest: Option<Mark>,
}

/// What the next seal has to follow.
struct Before {
    number: i64,
    /// The hash that it has; what it should have is something else if it was told already that it differs.
    hash: Vec<u8>,
    true_hash: Vec<u8>,
}

/// Walks the whole trail and tells each finding as it comes.
///
/// # Errors
/// The store cannot be read.
pub async fn verify(
    store: &dyn Store,
    marks: &[Mark],
    tell: &mut (dyn FnMut(&Finding) + Send),
) -> Result<Report, StoreError> {
    let Last { number, hash } = Last::none(store.installation().await?);
    let mut walk = Walk {
        store,
        marks,
        tell,
        findings: 0,
        seals: 0,
        rows: 0,
        before: Before {
            number,
            true_hash: hash.clone(),
            hash,
        },
        newest: None,
    };
    walk.whole().await?;
    Ok(Report {
        findings: walk.findings,
        seals: walk.seals,
        rows: walk.rows,
        newest: walk.newest,
        unsealed: store.unsealed().await?,
    })
}

impl Walk<'_> {
    async fn whole(&mut self) -> Result<(), StoreError> {
        // Seals are numbered from 1 on: what names another number before it was put there by somebody else.
        self.unlisted(i64::MIN..=0).await?;
        self.early_seals().await?;
        loop {
            self.seals().await?;
            let rest = self.before.number.saturating_add(1)..=i64::MAX;
            // A seal that came meanwhile is there as soon as its rows name it.
            if self.has_rows(rest.clone()).await? && self.has_more_seals().await? {
                continue;
            }
            self.unlisted(rest).await?;
            break;
        }
        let newest = self.before.number;
        for mark in self.marks.iter().filter(|mark| mark.number > newest) {
            self.find(Finding::NotAsMarked {
                number: mark.number,
                found: None,
            });
        }
        Ok(())
    }

    /// Seals that were put before the first one.
    async fn early_seals(&mut self) -> Result<(), StoreError> {
        let mut after = i64::MIN;
        loop {
            let seals = self.store.seals(after, SEALS).await?;
            let early = seals.iter().take_while(|seal| seal.number <= 0);
            let early: Vec<_> = early.map(|seal| (seal.number, seal.at)).collect();
            let Some((last, _)) = early.last().copied() else {
                return Ok(());
            };
            for (number, at) in early {
                self.find(Finding::SealInserted { number, at });
            }
            after = last;
        }
    }

    /// Every seal after the last one that was looked at.
    async fn seals(&mut self) -> Result<(), StoreError> {
        loop {
            let seals = self.store.seals(self.before.number, SEALS).await?;
            for seal in &seals {
                self.seal(seal).await?;
            }
            if seals.len() < SEALS.get() as usize {
                return Ok(());
            }
        }
    }

    async fn has_more_seals(&self) -> Result<bool, StoreError> {
        let more = self
            .store
            .seals(self.before.number, NonZeroU32::MIN)
            .await?;
        Ok(!more.is_empty())
    }

    async fn seal(&mut self, seal: &Seal) -> Result<(), StoreError> {
        let true_hash = seal.true_hash().to_vec();
        self.follows(seal).await?;
        if seal.hash != true_hash {
            self.find(Finding::SealAltered {
                number: seal.number,
                at: seal.at,
            });
        }
        self.marked(seal);
        self.listed(seal).await?;
        self.seals += 1;
        self.newest = Some(seal.mark());
        self.before = Before {
            number: seal.number,
            hash: seal.hash.clone(),
            true_hash,
        };
        Ok(())
    }

    /// Holds a seal against the one before it.
    async fn follows(&mut self, seal: &Seal) -> Result<(), StoreError> {
        let expected = self.before.number.saturating_add(1);
        if seal.number > expected {
            let last = seal.number - 1;
            self.find(Finding::SealsMissing {
                first: expected,
                last,
            });
            for mark in self.marks {
                if (expected..=last).contains(&mark.number) {
                    let number = mark.number;
                    self.find(Finding::NotAsMarked {
                        number,
                        found: None,
                    });
                }
            }
            return self.unlisted(expected..=last).await;
        }
        if seal.previous != self.before.hash && seal.previous != self.before.true_hash {
            self.find(Finding::ChainBroken {
                number: seal.number,
                at: seal.at,
            });
        }
        Ok(())
    }

    /// Holds a seal against what was noted down of it.
    fn marked(&mut self, seal: &Seal) {
        let found = seal.mark();
        for mark in self.marks {
            if mark.number == found.number && *mark != found {
                self.find(Finding::NotAsMarked {
                    number: mark.number,
                    found: Some(found.clone()),
                });
            }
        }
    }

    fn find(&mut self, finding: Finding) {
        self.findings += 1;
        (self.tell)(&finding);
    }
}
