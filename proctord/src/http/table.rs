//! What the route table is made of: lines with a path, a method, an action and a handler. HEAD is answered
//! wherever GET is, OPTIONS everywhere; any other method is told which ones there are.

use actix_web::guard::{Any, Get, Head, Method as Is};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpRequest, Resource, Responder, Route, web};

use super::{access, error};
use crate::policy::Action;

/// One line of the route table.
pub(super) struct Line {
    pub(super) path: &'static str,
    /// Absent: every method is answered, as the Go system does on its open paths.
    pub(super) method: Option<Method>,
    action: Action,
    route: Route,
}

pub(super) fn get<F, Args>(path: &'static str, action: Action, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    line(path, Some(Method::GET), action, handler)
}

pub(super) fn post<F, Args>(path: &'static str, action: Action, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    line(path, Some(Method::POST), action, handler)
}

pub(super) fn put<F, Args>(path: &'static str, action: Action, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    line(path, Some(Method::PUT), action, handler)
}

pub(super) fn delete<F, Args>(path: &'static str, action: Action, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    line(path, Some(Method::DELETE), action, handler)
}

pub(super) fn any<F, Args>(path: &'static str, action: Action, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    line(path, None, action, handler)
}

fn line<F, Args>(path: &'static str, method: Option<Method>, action: Action, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Line {
        path,
        method,
        action,
        route: web::route().to(handler),
    }
}

/// The table's lines gathered by path, in the order of the first line of each path.
pub(super) fn resources(lines: Vec<Line>) -> Vec<Resource> {
    let mut paths: Vec<(&'static str, Vec<Line>)> = Vec::new();
    for line in lines {
        match paths.iter_mut().find(|(path, _)| *path == line.path) {
            Some((_, lines)) => lines.push(line),
            None => paths.push((line.path, vec![line])),
        }
    }
    paths
        .into_iter()
        .map(|(path, lines)| resource(path, lines))
        .collect()
}

fn resource(path: &'static str, lines: Vec<Line>) -> Resource {
    let allow = allow(&lines);
    let other = move |request: HttpRequest| error::other_method(request, allow.clone());
    let resource = web::resource(path).default_service(web::to(other));
    lines.into_iter().fold(resource, |resource, line| {
        let action = line.action;
        let route = match line.method {
            Some(Method::GET) => line.route.guard(Any(Get()).or(Head())),
            Some(method) => line.route.guard(Is(method)),
            None => line.route,
        };
        resource.route(route.wrap(from_fn(move |request, next| {
            access::admit(action, request, next)
        })))
    })
}

/// The methods of a path, as the header of that name has them.
fn allow(lines: &[Line]) -> String {
    let mut methods = Vec::new();
    for method in lines.iter().filter_map(|line| line.method.as_ref()) {
        methods.push(method.as_str());
        if method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}
