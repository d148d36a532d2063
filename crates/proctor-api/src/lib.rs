//! Request and response types of Proctor's HTTP API.
//!
//! Both binaries speak through these types, so this crate knows serde and nothing of servers, clients
//! or stores. Field names are those of the Go system wherever it had the field; what is new is optional,
//! so that documents and clients of either age understand each other.

mod audit;
mod bundle;
mod delivery;
mod execution;
mod identity;
mod log;
mod metadata;
mod problem;
mod schedule;
mod secret;
mod status;

pub use audit::{AuditPage, AuditRow};
pub use bundle::{BUNDLE_LIMIT_BYTES, BundleReceipt, bundle_digest_is_well_formed};
pub use delivery::{Delivery, DeliveryPage};
pub use execution::{
    Execution, ExecutionPage, ExecutionRequest, LateOutcome, LimitOf, Queue, QueueLimit,
    StopRequest, StopRequested, Transition,
};
pub use identity::WhoAmI;
pub use log::{LOG_SUBPROTOCOL, LogEnd, LogEvent, LogEventKind, decode_frame, encode_frame};
pub use metadata::{
    ArgMetadata, ArgType, EnvVars, ImagePullPolicy, KubernetesMetadata, Metadata, Published,
    PublishedProc, Resources, SecretMetadata, Toleration,
};
pub use problem::{Mistake, Problem};
pub use schedule::{
    BrokenSchedule, DaylightSaving, Firing, FiringPage, Misfire, NextMoment, NextMoments, NotifyOn,
    Overlap, Schedule, ScheduleRequest, Why,
};
pub use secret::{SecretAnswer, SecretNames, SecretRequest, SecretValue};
pub use status::Status;

/// Header that names the person who asks; the Go system's name for it.
pub const EMAIL_HEADER: &str = "Email-Id";
/// Header with the asker's token; the Go system's name for it.
pub const TOKEN_HEADER: &str = "Access-Token";
/// Header by which a client tells its version, such as `v3.0.0`.
pub const CLIENT_VERSION_HEADER: &str = "Client-Version";
/// Header that makes a repeated `POST /execution` answer with the first one's execution.
pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";
