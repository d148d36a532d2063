//! The HTTP interface: the route table and what every request passes through. Handlers live in one file per
//! action; each parses, authorises, acts and responds. Status codes are decided in `error` alone.

mod access;
mod body;
mod bundle;
mod error;
mod execution;
mod guard;
mod metadata;
mod ping;
mod render;
mod secret;

use actix_web::middleware::from_fn;
use actix_web::{Resource, Route, web};

use crate::policy::Action;

pub use guard::AllowedHosts;

/// One line of the route table.
struct Line {
    path: &'static str,
    action: Action,
    route: Route,
}

/// Every route, with the action by which the policy knows it. A path that another one would match too comes
/// before that other.
fn table() -> Vec<Line> {
    let line = |path, action, route| Line {
        path,
        action,
        route,
    };
    vec![
        line("/ping", Action::Ping, web::get().to(ping::show)),
        line(
            "/metadata",
            Action::ListProcs,
            web::get().to(metadata::list),
        ),
        line(
            "/metadata",
            Action::PublishProc,
            web::post().to(metadata::publish),
        ),
        line(
            "/metadata/{name}",
            Action::ShowProc,
            web::get().to(metadata::show),
        ),
        line(
            "/secret",
            Action::SetSecret,
            web::post().to(secret::replace),
        ),
        line(
            "/secret/{name}/{key}",
            Action::SetSecret,
            web::put().to(secret::set),
        ),
        line(
            "/bundle/{digest}",
            Action::PutBundle,
            web::put().to(bundle::put),
        ),
        line(
            "/execution",
            Action::CreateExecution,
            web::post().to(execution::create),
        ),
        line(
            "/execution",
            Action::ListExecutions,
            web::get().to(execution::list),
        ),
        line(
            "/execution/logs",
            Action::FollowLog,
            web::get().to(execution::logs),
        ),
        line(
            "/execution/{id}/logs",
            Action::ReadLog,
            web::get().to(execution::read_log),
        ),
        line(
            "/execution/{id}",
            Action::ShowExecution,
            web::get().to(execution::show),
        ),
        line(
            "/execution/{id}/status",
            Action::ShowExecution,
            web::get().to(execution::status),
        ),
        line(
            "/execution/{id}/stop",
            Action::StopExecution,
            web::post().to(execution::stop),
        ),
    ]
}

/// Puts every route into the application.
pub fn configure(config: &mut web::ServiceConfig) {
    for resource in resources(table()) {
        config.service(resource);
    }
    config.default_service(web::to(error::no_such_route));
}

/// The table's lines gathered by path, in the order of the first line of each path.
fn resources(lines: Vec<Line>) -> Vec<Resource> {
    let mut paths: Vec<(&'static str, Vec<(Action, Route)>)> = Vec::new();
    for line in lines {
        match paths.iter_mut().find(|(path, _)| *path == line.path) {
            Some((_, routes)) => routes.push((line.action, line.route)),
            None => paths.push((line.path, vec![(line.action, line.route)])),
        }
    }
    paths
        .into_iter()
        .map(|(path, routes)| {
            let resource = web::resource(path).default_service(web::to(error::wrong_method));
            routes
                .into_iter()
                .fold(resource, |resource, (action, route)| {
                    resource.route(route.wrap(from_fn(move |request, next| {
                        access::admit(action, request, next)
                    })))
                })
        })
        .collect()
}

/// What every request passes through, from the outside in.
pub mod layers {
    pub use super::guard::refuse_foreign_pages;
    pub use super::render::shape_errors;
}
