//! Which moments a schedule has. This crate owns the dialect of cron expressions ([`Expression`]), what daylight
//! saving does to them ([`Schedule`], [`Moment`]), the zone data ([`time_zone`]) and the jitter of a moment
//! ([`jitter()`]). It is pure: it reads no clock, file, environment or database, so every replica gets the same answer.
//!
//! croner says which local times match, on a calendar without zones; what becomes of local times that are missing or
//! come twice is decided here. croner's own rule for that knows only expressions of one minute and one hour, gives up
//! in gaps of more than two hours and drops a moment whose gap ends on another day.
//!
//! ```
//! use proctor_cron::{Expression, Schedule, Window, time_zone};
//!
//! let expression = Expression::parse("30 2 * * *")?;
//! let schedule = Schedule::recurring(expression, time_zone("Europe/Berlin")?, Window::default());
//!
//! let moment = schedule.next_after("2026-03-28T12:00:00Z".parse()?);
//!
//! // On the 29th the clock goes from 02:00 to 03:00, so 02:30 is missing.
//! assert_eq!(moment.map(|moment| moment.local.to_string()).as_deref(), Some("2026-03-29T03:00:00"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod expression;
mod jitter;
mod minute;
mod moment;
mod schedule;
mod zone;

pub use expression::{Expression, ExpressionError};
pub use jitter::jitter;
pub use moment::{DaylightSaving, Moment};
pub use schedule::{Schedule, Window, WindowError};
pub use zone::{UnknownTimeZone, time_zone};
