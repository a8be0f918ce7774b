//! A supervisor's hand in the line: waiting calls as resources.

use axum::{
    extract::State,
    http::StatusCode,
    routing::{post, put},
};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Routes, Signed};
use crate::{
    app::{
        actor::{Actor, Permission},
        field_problem::Problems,
        switch_handle::CommandFailure,
    },
    domain::centre::CentreCommand,
    types::{AgentId, CallId, QueueId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(assign, put_first, set_ahead, move_to))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise])
        .route("/api/v1/calls/{id}/assign", post(assign))
        .route("/api/v1/calls/{id}/put-first", post(put_first))
        .route("/api/v1/calls/{id}/ahead", put(set_ahead))
        .route("/api/v1/calls/{id}/move", post(move_to))
}

/// To whom a waiting call goes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Assignee {
    /// An agent who is ready, or whoever asks.
    agent: AgentId,
}

/// How far ahead a waiting call stands.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct AheadAsked {
    /// As though it had waited so many seconds longer, 1 to 86400. Without it the call stands where the queue's rules put it, also one
    /// that was put first.
    #[serde(default)]
    secs: Option<i64>,
}

/// Where a waiting call goes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct OtherQueue {
    /// The queue at whose end it waits from now on.
    queue: QueueId,
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

/// Puts a waiting call ahead by so many seconds, or back to where its queue's rules put it. Its wait goes on.
#[utoipa::path(put, path = "/api/v1/calls/{id}/ahead", tag = "calls", params(("id" = String, Path)), request_body = AheadAsked,
    responses((status = 204, description = "It stands there"), (status = 403, body = super::Problem),
    (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn set_ahead(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    Body(AheadAsked { secs }): Body<AheadAsked>,
) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    let mut problems = Problems::default();
    if let Some(secs) = secs {
        problems.within("secs", secs, 1, 86_400);
    }
    problems.into_result().map_err(ApiError::invalid_fields)?;
    carry_out(&state, &actor, CentreCommand::SetAhead { call, secs }).await
}

/// Moves a waiting call to the end of another queue: it leaves its own as a flow-out, and begins to wait there.
#[utoipa::path(post, path = "/api/v1/calls/{id}/move", tag = "calls", params(("id" = String, Path)), request_body = OtherQueue,
    responses((status = 204, description = "It waits there"), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem), (status = 409, body = super::Problem)))]
async fn move_to(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    Body(OtherQueue { queue }): Body<OtherQueue>,
) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    carry_out(&state, &actor, CentreCommand::MoveWaiting { call, queue }).await
}

pub(super) async fn carry_out(state: &AppState, actor: &Actor, command: CentreCommand) -> Result<StatusCode, ApiError> {
    state.switch.command(actor.in_events(), command).await.map_err(|failure| match failure {
        CommandFailure::Refused(refusal) => refusal.into(),
        CommandFailure::Stopped => ApiError::unavailable("The server is stopping."),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
