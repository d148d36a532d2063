//! `GET /execution/logs?context_id=N`: the log of an execution over a websocket, from the beginning or from
//! an offset, to its end. Two protocols: the Go system's, a text frame per line, and `proctor.logs.v3`.

mod lines;
mod session;
mod window;

use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{CloseCode, CloseReason};
use proctor_api::LOG_SUBPROTOCOL;

use crate::app::App;
use crate::domain::execution::Execution;
use crate::http::access::Access;
use crate::http::error::ApiError;
use session::{Follow, Protocol};
use window::Window;

const NO_ID: &str = "No valid execution context id provided when fetching logs";

pub(in crate::http) async fn logs(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    // Refused before the handshake, so that a client without the right never has a websocket.
    let wanted = find(&app, &access, request.query_string()).await?;
    let (response, session, messages) =
        actix_ws::handle_with_protocols(&request, body, &[LOG_SUBPROTOCOL]).map_err(|error| {
            ApiError::Unreadable {
                detail: format!("this is a websocket: {error}"),
                plain: "WebSocket Initializer Error",
            }
        })?;
    let protocol = match response.headers().get("sec-websocket-protocol") {
        Some(_) => Protocol::V3,
        None => Protocol::Lines,
    };
    match wanted {
        Ok((execution, offset)) => {
            let follower = app.logs.follow(execution.id, offset);
            let finished = !execution.log_open;
            let follow = Follow {
                session,
                follower,
                protocol,
                finished,
                window: Window::new(),
                shutdown: app.shutdown.clone(),
            };
            actix_web::rt::spawn(follow.run(messages));
        }
        Err(text) => {
            let reason = CloseReason {
                code: CloseCode::Normal,
                description: Some(text),
            };
            // A client that has gone does not need the reason.
            actix_web::rt::spawn(async move { drop(session.close(Some(reason)).await) });
        }
    }
    Ok(response)
}

/// The execution and the offset, or the close reason that says why not, as the Go system has it.
async fn find(
    app: &App,
    access: &Access,
    query: &str,
) -> Result<Result<(Execution, u64), String>, ApiError> {
    let value = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let id = value("context_id").unwrap_or_default();
    let Ok(found) = super::look_up(app, id).await? else {
        return Ok(Err(NO_ID.to_owned()));
    };
    let offset = match value("offset").map(str::parse) {
        None => 0,
        Some(Ok(offset)) => offset,
        Some(Err(_)) => return Ok(Err("No valid offset provided when fetching logs".to_owned())),
    };
    match found {
        None => Ok(Err(format!("No execution context found with id {id}"))),
        Some(execution) => {
            super::check(app, access, &execution).await?;
            Ok(Ok((execution, offset)))
        }
    }
}
