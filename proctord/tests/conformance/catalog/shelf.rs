//! A catalog under test, and the way past it.

use async_trait::async_trait;
use proctord::catalog::Catalog;

/// The key that catalogs under test begin with.
pub const KEYS: &str = "one:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
/// Another key by the same name.
pub const OTHER_KEYS: &str = "one:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
/// A new key, with the first one behind it.
pub const ROTATED_KEYS: &str = "two:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=,one:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A catalog under test.
#[async_trait]
pub trait Shelf: Sized + Send + Sync {
    /// A new, empty catalog with these keys.
    async fn fresh(keys: &str) -> Self;
    /// The same catalog after its process has ended and started again, with these keys.
    async fn reopened(self, keys: &str) -> Self;
    fn catalog(&self) -> &dyn Catalog;
    /// Everything that is stored, as it is stored.
    async fn raw_bytes(&self) -> Vec<u8>;
}
