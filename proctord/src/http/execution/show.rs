//! `GET /execution/{id}`: one execution with every step of its life, and its place in the queue.

use actix_web::{HttpResponse, web};
use proctor_api::{LimitOf, Queue, QueueLimit, Status, Transition};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::store::{Place, SlotLimit};

pub(in crate::http) async fn show(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let execution = super::find(&app, &access, &id).await?;
    let steps = app.store.steps(execution.id).await?;
    let mut answer = execution.to_api();
    if execution.status() == Status::Queued {
        let place = app.store.place_in_queue(execution.id).await?;
        answer.queue = place.map(queue);
    }
    answer.transitions = steps
        .into_iter()
        .map(|step| Transition {
            status: step.status,
            at: step.at,
            reason: step.reason,
        })
        .collect();
    Ok(HttpResponse::Ok().json(answer))
}

fn queue(place: Place) -> Queue {
    let limit = place.limit.map(|limit| match limit {
        SlotLimit::Proc(max_concurrent) => QueueLimit {
            of: LimitOf::Proc,
            max_concurrent,
        },
        SlotLimit::Installation(max_concurrent) => QueueLimit {
            of: LimitOf::Installation,
            max_concurrent: max_concurrent.get(),
        },
    });
    Queue {
        position: place.position,
        length: place.length,
        limit,
    }
}
