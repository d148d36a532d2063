//! The audit trail beyond its rows: seals that are made as rows come, proof that what is sealed is still what was
//! written, and refusals that are counted in place of being told one by one. Rows are written where things change.

mod refusals;
mod sealer;
pub mod verification;

pub use refusals::Refusals;
pub use sealer::Sealer;
