//! The plugin SDK of Proctor. A plugin in Rust is a library of the kind `cdylib` that implements [`Auth`] or
//! [`Notification`] and names its type in [`auth_plugin!`], [`notification_plugin!`] or, for several at once,
//! [`plugins!`]. This crate owns the C interface (`include/proctor_plugin.h`, [`abi`]) and what goes over it; it
//! must not know anything of the service.
//!
//! ```
//! use proctor_plugin::{Auth, Credentials, Failure, User};
//!
//! struct OneUser;
//!
//! impl Auth for OneUser {
//!     fn create() -> Result<Self, Failure> {
//!         Ok(Self)
//!     }
//!
//!     fn authenticate(&self, credentials: &Credentials) -> Result<Option<User>, Failure> {
//!         Ok((credentials.token == "open sesame").then(|| User {
//!             email: "ali@example.org".to_owned(),
//!             name: "Ali".to_owned(),
//!             active: true,
//!             groups: vec!["cave".to_owned()],
//!         }))
//!     }
//! }
//!
//! proctor_plugin::auth_plugin!("OneUser", OneUser);
//! # fn main() {}
//! ```

pub mod abi;
mod auth;
pub mod entry;
mod failure;
mod manifest;
mod notification;
mod registry;
mod variables;

pub use auth::{Auth, Authorisation, Credentials, Lookup, User};
pub use failure::Failure;
pub use manifest::{Entry, Kind, Manifest};
pub use notification::{Event, EventKind, Notification, Recipient};
pub use registry::{Instance, Registered, auth, notification};
pub use variables::Variables;

/// The examples of the guide are compiled as well.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/PLUGINS.md")]
struct Guide;
