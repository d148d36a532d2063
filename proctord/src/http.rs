//! The HTTP interface: the route table and what every request passes through. Handlers live in one file per
//! action; each parses, authorises, acts and responds. Status codes are decided in `error` alone.

mod access;
mod audit;
mod body;
mod bounds;
mod bundle;
mod credentials;
mod delivery;
mod docs;
mod error;
mod execution;
mod guard;
mod health;
mod idempotency;
mod measure;
mod metadata;
mod metrics;
mod openapi;
mod ping;
mod protect;
mod query;
mod refusals;
mod render;
mod schedule;
mod secret;
mod settings;
mod table;
mod version;
mod whoami;

use actix_web::web;

use crate::policy::Action;
use table::{Line, any, delete, get, post, put};

pub use settings::Settings;

/// Every route, with the action by which the policy knows it. A path that another one would match too comes
/// before that other.
fn table() -> Vec<Line> {
    vec![
        any("/ping", Action::Ping, ping::show),
        get("/healthz", Action::Probe, health::alive),
        get("/readyz", Action::Probe, health::ready),
        any("/metrics", Action::ReadMetrics, metrics::show),
        get("/openapi.json", Action::ReadDocs, openapi::json),
        any("/swagger.yml", Action::ReadDocs, openapi::yaml),
        any("/docs", Action::ReadDocs, docs::redirect),
        any("/docs/", Action::ReadDocs, docs::show),
        get("/whoami", Action::WhoAmI, whoami::show),
        get("/metadata", Action::ListProcs, metadata::list),
        post("/metadata", Action::PublishProc, metadata::publish),
        get("/metadata/{name}", Action::ShowProc, metadata::show),
        delete(
            "/metadata/{name}",
            Action::UnpublishProc,
            metadata::unpublish,
        ),
        post("/secret", Action::SetSecret, secret::replace),
        get("/secret/{name}", Action::ListSecrets, secret::list),
        put("/secret/{name}/{key}", Action::SetSecret, secret::set),
        delete("/secret/{name}/{key}", Action::RemoveSecret, secret::remove),
        get("/bundle/{digest}", Action::ReadBundle, bundle::read),
        put("/bundle/{digest}", Action::PutBundle, bundle::put),
        post("/execution", Action::CreateExecution, execution::create),
        get("/execution", Action::ListExecutions, execution::list),
        get("/execution/logs", Action::FollowLog, execution::logs),
        get("/execution/{id}/logs", Action::ReadLog, execution::read_log),
        get("/execution/{id}", Action::ShowExecution, execution::show),
        get(
            "/execution/{id}/status",
            Action::ShowExecution,
            execution::status,
        ),
        post(
            "/execution/{id}/stop",
            Action::StopExecution,
            execution::stop,
        ),
        post(
            "/execution/{id}/rerun",
            Action::RerunExecution,
            execution::rerun,
        ),
        post("/schedule", Action::CreateSchedule, schedule::create),
        get("/schedule", Action::ListSchedules, schedule::list),
        get("/schedule/{id}", Action::ShowSchedule, schedule::show),
        put("/schedule/{id}", Action::ChangeSchedule, schedule::change),
        delete("/schedule/{id}", Action::RemoveSchedule, schedule::remove),
        post(
            "/schedule/{id}/pause",
            Action::PauseSchedule,
            schedule::pause,
        ),
        post(
            "/schedule/{id}/resume",
            Action::ResumeSchedule,
            schedule::resume,
        ),
        post("/schedule/{id}/run", Action::RunSchedule, schedule::run),
        get("/schedule/{id}/next", Action::ShowSchedule, schedule::next),
        get(
            "/schedule/{id}/firings",
            Action::ShowSchedule,
            schedule::firings,
        ),
        get("/audit", Action::ReadAudit, audit::list),
        get("/delivery", Action::ListDeliveries, delivery::list),
        post(
            "/delivery/{id}/retry",
            Action::RetryDelivery,
            delivery::retry,
        ),
    ]
}

/// Puts every route into the application.
pub fn configure(config: &mut web::ServiceConfig) {
    config.app_data(web::QueryConfig::default().error_handler(error::bad_query));
    config.app_data(web::PathConfig::default().error_handler(error::bad_path));
    for resource in table::resources(table()) {
        config.service(resource);
    }
    config.default_service(web::to(error::no_such_route));
}

/// What every request passes through; `startup` says in which order.
pub mod layers {
    pub use super::bounds::refuse_what_is_too_large;
    pub use super::guard::refuse_foreign_pages;
    pub use super::measure::measure;
    pub use super::refusals::count_refusals;
    pub use super::render::shape_errors;
    pub use super::version::refuse_old_clients;
}
