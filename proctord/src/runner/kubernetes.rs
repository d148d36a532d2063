//! The Kubernetes runner: each execution is a Job that bears the execution's name, created suspended and let run
//! only after its uid has been stored. What becomes of it is learnt from one pair of watches per namespace, never
//! by asking for a single Job over and over.

pub mod client;
pub mod follow;
pub mod judge;
pub mod logs;
pub mod seen;
mod settings;
pub mod watches;

pub use settings::{Access, KubernetesSettings};
