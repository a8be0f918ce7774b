//! What supervisors tell agents.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    routing::{delete, get, post},
};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        broadcasts::{BroadcastFault, BroadcastLine},
    },
    types::{BroadcastId, QueueId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, send, end))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    let of_supervisors = Routes::needing(&[Permission::Supervise])
        .route("/api/v1/broadcasts", post(send))
        .route("/api/v1/broadcasts/{id}", delete(end));
    Routes::needing(&[Permission::TakeCalls]).route("/api/v1/broadcasts", get(list)).merge(of_supervisors)
}

/// A sentence for agents.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewBroadcast {
    /// One line of at most 280 characters.
    text: String,
    /// For whose agents; all when not given.
    queue: Option<QueueId>,
    /// How long it is shown, 1 to 1,440 minutes.
    minutes: i64,
}

/// Those that are shown to whoever asks, the oldest first; supervisors see all.
#[utoipa::path(get, path = "/api/v1/broadcasts", tag = "broadcasts", responses(
    (status = 200, body = Page<BroadcastLine>), (status = 403, body = super::Problem)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<BroadcastLine>>, ApiError> {
    Ok(Json(Page::all(state.broadcasts.list(&actor).await?)))
}

/// Tells a queue's agents, or all of them.
#[utoipa::path(post, path = "/api/v1/broadcasts", tag = "broadcasts", request_body = NewBroadcast, responses(
    (status = 201, body = BroadcastLine), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn send(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(NewBroadcast { text, queue, minutes }): Body<NewBroadcast>,
) -> Result<(StatusCode, Json<BroadcastLine>), ApiError> {
    Ok((StatusCode::CREATED, Json(state.broadcasts.send(&actor, &text, queue, minutes).await?)))
}

/// Shows it no longer.
#[utoipa::path(delete, path = "/api/v1/broadcasts/{id}", tag = "broadcasts", params(("id" = String, Path)), responses(
    (status = 204), (status = 403, body = super::Problem), (status = 404, body = super::Problem)))]
async fn end(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<BroadcastId>) -> Result<StatusCode, ApiError> {
    state.broadcasts.end(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<BroadcastFault> for ApiError {
    fn from(fault: BroadcastFault) -> Self {
        match fault {
            BroadcastFault::NotFound => Self::not_found("broadcast"),
            BroadcastFault::Forbidden(forbidden) => forbidden.into(),
            BroadcastFault::Invalid(problems) => problems.into(),
            BroadcastFault::Store(fault) => fault.into(),
        }
    }
}
