//! A supervisor's hand in the line: waiting calls as resources.

use axum::{extract::State, http::StatusCode, routing::post};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Routes, Signed};
use crate::{
    app::{
        actor::{Actor, Permission},
        switch_handle::CommandFailure,
    },
    domain::centre::CentreCommand,
    types::{AgentId, CallId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(assign, put_first))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise])
        .route("/api/v1/calls/{id}/assign", post(assign))
        .route("/api/v1/calls/{id}/put-first", post(put_first))
}

/// To whom a waiting call goes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Assignee {
    /// An agent who is ready, or whoever asks.
    agent: AgentId,
}

/// Gives a waiting call to an agent who is ready, whatever the skills; or to whoever asks, also during a pause. Missed there, it waits on
/// at its place.
#[utoipa::path(post, path = "/api/v1/calls/{id}/assign", tag = "calls", params(("id" = String, Path)), request_body = Assignee,
    responses((status = 204, description = "It rings"), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem), (status = 409, body = super::Problem)))]
async fn assign(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    Body(Assignee { agent }): Body<Assignee>,
) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    let command = CentreCommand::AssignWaiting { asker: actor.agent(), call, agent };
    carry_out(&state, &actor, command).await
}

/// Puts a waiting call before all others of its queue. Its wait goes on.
#[utoipa::path(post, path = "/api/v1/calls/{id}/put-first", tag = "calls", params(("id" = String, Path)),
    responses((status = 204, description = "It stands there"), (status = 403, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn put_first(State(state): State<AppState>, Signed(actor): Signed, Id(call): Id<CallId>) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    carry_out(&state, &actor, CentreCommand::PutFirst { call }).await
}

async fn carry_out(state: &AppState, actor: &Actor, command: CentreCommand) -> Result<StatusCode, ApiError> {
    state.switch.command(actor.in_events(), command).await.map_err(|failure| match failure {
        CommandFailure::Refused(refusal) => refusal.into(),
        CommandFailure::Stopped => ApiError::unavailable("The server is stopping."),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
